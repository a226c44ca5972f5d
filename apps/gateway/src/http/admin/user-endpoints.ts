import { z } from 'zod';
import type { Accounts } from '../../accounts/accounts.ts';
import type { Credits } from '../../accounts/credits.ts';
import type { Users } from '../../accounts/users.ts';
import type { UserColumns } from '../../store/tables.ts';
import { invalidRequest } from '../api-error.ts';
import { defineEndpoint, type Endpoint } from './endpoint.ts';
import {
  amountMicro,
  chosenId,
  displayName,
  idParams,
  labelWord,
  listOf,
  pageQuery,
  shownTime,
  showTime,
  showTimeOrNull,
  signedAmountMicro,
  toList,
} from './fields.ts';

const user = z.strictObject({
  object: z.literal('user'),
  id: z.string(),
  name: z.string(),
  plan_type: z.string(),
  created_at: shownTime,
  disabled_at: shownTime.nullable(),
  granted_micro: z.int(),
  charged_micro: z.int(),
  reserved_micro: amountMicro.meta({ description: 'Held back for requests that are under way.' }),
  balance_micro: z.int().meta({ description: 'Granted less charged, in micro-credits.' }),
});

const newUser = z.strictObject({
  id: chosenId.optional(),
  name: displayName.optional(),
  plan_type: labelWord.optional(),
});

const userChange = z
  .strictObject({
    name: displayName.optional(),
    plan_type: labelWord.optional(),
    disabled: z.boolean().optional().meta({ description: 'Whether all its keys are refused.' }),
  })
  .refine((change) => Object.keys(change).length > 0, 'Expected something to change.');

const creditChange = z
  .strictObject({
    kind: z.enum(['grant', 'adjust']).default('grant'),
    amount_micro: signedAmountMicro.meta({ description: 'Micro-credits; below zero only to adjust.' }),
    idempotency_key: z
      .string()
      .regex(/^[\x21-\x7e]{1,128}$/, 'Expected 1 to 128 printable ASCII characters.')
      .optional()
      .meta({ description: 'With the same key the change is made once.' }),
  })
  .refine(({ kind, amount_micro: amount }) => kind === 'adjust' || amount > 0, {
    message: 'Expected an amount above 0 to grant.',
    path: ['amount_micro'],
  });

/** The endpoints for users and their credits. */
export function userEndpoints({ users, credits }: Accounts): readonly Endpoint[] {
  return [...ofUsers(users), ofCredits(credits)];
}

function ofUsers(users: Users): readonly Endpoint[] {
  return [
    defineEndpoint({
      method: 'POST',
      path: '/admin/users',
      summary: 'Create a user',
      status: 201,
      body: newUser,
      result: user,
      handle: async ({ body: { id, name, plan_type: planType } }) =>
        toUser(await users.create({ id, name, planType })),
    }),
    defineEndpoint({
      method: 'GET',
      path: '/admin/users',
      summary: 'List users by id',
      query: pageQuery,
      result: listOf(user),
      handle: async ({ query }) => toList(await users.list(query), toUser),
    }),
    defineEndpoint({
      method: 'GET',
      path: '/admin/users/:id',
      summary: 'Show a user with the balance',
      params: idParams,
      result: user,
      handle: async ({ params }) => toUser(await users.get(params.id)),
    }),
    defineEndpoint({
      method: 'PATCH',
      path: '/admin/users/:id',
      summary: 'Rename, disable or enable a user',
      params: idParams,
      body: userChange,
      result: user,
      handle: async ({ params, body: { name, plan_type: planType, disabled } }) =>
        toUser(await users.change(params.id, { name, planType, disabled })),
    }),
  ];
}

function ofCredits(credits: Credits): Endpoint {
  return defineEndpoint({
    method: 'POST',
    path: '/admin/users/:id/credits',
    summary: 'Grant credits, or adjust them by an amount of either sign',
    params: idParams,
    body: creditChange,
    result: z.strictObject({ object: z.literal('balance'), user_id: z.string(), balance_micro: z.int() }),
    handle: async ({ params: { id }, body, request }) => {
      const idempotencyKey = body.idempotency_key ?? readIdempotencyKey(request.headers['idempotency-key']);
      const { kind, amount_micro: amount } = body;
      const balance = await credits.change({ userId: id, kind, amountMicro: amount, idempotencyKey });
      return { object: 'balance' as const, user_id: id, balance_micro: balance };
    },
  });
}

function readIdempotencyKey(header: string | readonly string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  const key = String(header);
  if (/^[\x21-\x7e]{1,128}$/.test(key)) return key;
  throw invalidRequest('Idempotency-Key: expected 1 to 128 printable ASCII characters.');
}

function toUser(row: UserColumns): z.output<typeof user> {
  return {
    object: 'user',
    id: row.id,
    name: row.name,
    plan_type: row.plan_type,
    created_at: showTime(row.created_at_ms),
    disabled_at: showTimeOrNull(row.disabled_at_ms),
    granted_micro: row.granted_micro,
    charged_micro: row.charged_micro,
    reserved_micro: row.reserved_micro,
    balance_micro: row.granted_micro - row.charged_micro,
  };
}
