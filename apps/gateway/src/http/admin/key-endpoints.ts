import { isModelName } from '@gatewayz/config';
import { z } from 'zod';
import type { Accounts } from '../../accounts/accounts.ts';
import { type KeyLimits, type Keys, type KeyView, toKeyStatus } from '../../accounts/keys.ts';
import { defineEndpoint, type Endpoint } from './endpoint.ts';
import {
  amountMicro,
  anyId,
  displayName,
  idParams,
  listOf,
  pageFields,
  shownTime,
  showTime,
  showTimeOrNull,
  time,
  toList,
} from './fields.ts';

const names = z.array(z.string()).readonly();
const limit = z.int().min(1).max(1_000_000_000).nullable();
const status = z.enum(['active', 'expired', 'revoked']);

const keyFields = {
  object: z.literal('key'),
  id: z.string(),
  user_id: z.string(),
  name: z.string(),
  hint: z.string().meta({ description: 'How the key begins and ends.' }),
  status,
  created_at: shownTime,
  expires_at: shownTime.nullable(),
  revoked_at: shownTime.nullable(),
  models: names.nullable(),
  providers: names.nullable(),
  requests_per_minute: limit,
  tokens_per_minute: limit,
  concurrency: limit,
  budget_micro: amountMicro.nullable(),
  charged_micro: z.int(),
  reserved_micro: z.int(),
};
const key = z.strictObject(keyFields);
const createdKey = z.strictObject({
  ...keyFields,
  token: z.string().meta({ description: 'The key itself: it is shown here and never again.' }),
});

const limitFields = {
  expires_at: time.nullable().optional(),
  models: z
    .array(z.string().refine(isModelName, 'Expected the name of a model.'))
    .min(1)
    .max(500)
    .nullable()
    .optional()
    .meta({ description: 'Names of models as clients ask for them; null: all.' }),
  providers: z
    .array(z.string().regex(/^[A-Za-z0-9][\w.-]{0,63}$/, 'Expected the name of a provider.'))
    .min(1)
    .max(500)
    .nullable()
    .optional(),
  requests_per_minute: limit.optional(),
  tokens_per_minute: limit.optional(),
  concurrency: limit.optional(),
  budget_micro: amountMicro
    .nullable()
    .optional()
    .meta({ description: 'The most that may ever be charged to it, in micro-credits.' }),
};
const newKey = z.strictObject({ user_id: anyId, name: displayName, ...limitFields });
const keyChange = z
  .strictObject({ name: displayName.optional(), ...limitFields })
  .refine((change) => Object.keys(change).length > 0, 'Expected something to change.');

/** The endpoints for keys. */
export function keyEndpoints({ keys }: Accounts, epochNow: () => number): readonly Endpoint[] {
  const show = (row: KeyView): ShownKey => toKey(row, epochNow());
  return [...readingKeys(keys, show), ...writingKeys(keys, show)];
}

type ShownKey = z.output<typeof key>;

function readingKeys(keys: Keys, show: (row: KeyView) => ShownKey): readonly Endpoint[] {
  return [
    defineEndpoint({
      method: 'GET',
      path: '/admin/keys',
      summary: 'List keys in the order of their making',
      query: z.strictObject({ ...pageFields, user_id: anyId.optional(), status: status.optional() }),
      result: listOf(key),
      handle: async ({ query: { user_id: userId, ...query } }) =>
        toList(await keys.list({ ...query, userId }), show),
    }),
    defineEndpoint({
      method: 'GET',
      path: '/admin/keys/:id',
      summary: 'Show a key, not its token',
      params: idParams,
      result: key,
      handle: async ({ params }) => show(await keys.get(params.id)),
    }),
  ];
}

function writingKeys(keys: Keys, show: (row: KeyView) => ShownKey): readonly Endpoint[] {
  return [
    defineEndpoint({
      method: 'POST',
      path: '/admin/keys',
      summary: 'Create a key; the answer alone holds its token',
      status: 201,
      body: newKey,
      result: createdKey,
      handle: async ({ body: { user_id: userId, name, ...limits }, reply }) => {
        const created = await keys.create({ userId, name, ...toLimits(limits) });
        reply.header('cache-control', 'no-store');
        return { ...show(created.key), token: created.token };
      },
    }),
    defineEndpoint({
      method: 'PATCH',
      path: '/admin/keys/:id',
      summary: 'Change the name or the limits of a key; null takes a limit away',
      params: idParams,
      body: keyChange,
      result: key,
      handle: async ({ params, body: { name, ...limits } }) =>
        show(await keys.change(params.id, { name, ...toLimits(limits) })),
    }),
    defineEndpoint({
      method: 'POST',
      path: '/admin/keys/:id/revoke',
      summary: 'Revoke a key for good',
      params: idParams,
      result: key,
      handle: async ({ params }) => show(await keys.revoke(params.id)),
    }),
  ];
}

function toLimits(limits: Omit<z.output<typeof keyChange>, 'name'>): KeyLimits {
  return {
    expiresAtMs: limits.expires_at,
    models: limits.models,
    providers: limits.providers,
    requestsPerMinute: limits.requests_per_minute,
    tokensPerMinute: limits.tokens_per_minute,
    concurrency: limits.concurrency,
    budgetMicro: limits.budget_micro,
  };
}

function toKey(row: KeyView, nowMs: number): ShownKey {
  return {
    object: 'key',
    id: row.id,
    user_id: row.user_id,
    name: row.name,
    hint: `${row.prefix}…${row.last_four}`,
    status: toKeyStatus(row, nowMs),
    created_at: showTime(row.created_at_ms),
    expires_at: showTimeOrNull(row.expires_at_ms),
    revoked_at: showTimeOrNull(row.revoked_at_ms),
    models: toNames(row.models),
    providers: toNames(row.providers),
    requests_per_minute: row.requests_per_minute,
    tokens_per_minute: row.tokens_per_minute,
    concurrency: row.concurrency,
    budget_micro: row.budget_micro,
    charged_micro: row.charged_micro,
    reserved_micro: row.reserved_micro,
  };
}

function toNames(json: string | null): readonly string[] | null {
  return json === null ? null : (JSON.parse(json) as readonly string[]);
}
