import { type SqlDialect, type SqlStatement, toStatement } from '@gatewayz/database';
import { type RawBuilder, sql } from 'kysely';
import type { Builder } from '../store/schema.ts';
import type { LedgerColumns } from '../store/tables.ts';
import type { Charge, Grant } from './charge.ts';
import { lockUsers } from './lock-users.ts';

/** A request that has ended: with what it cost, or without a charge where it cost nothing. */
export type Settlement =
  | { readonly kind: 'charge'; readonly charge: Charge }
  | { readonly kind: 'release'; readonly requestId: string; readonly userId: string; readonly keyId: string };

/**
 * Settles a group in one transaction: what is new in the ledger is charged, and the reservations end. What has been
 * settled before does nothing: only rows of this batch are summed up.
 */
export function settleGroup(
  db: Builder,
  dialect: SqlDialect,
  group: readonly Settlement[],
  batchId: string,
): readonly SqlStatement[] {
  const owners = group.map(toOwner);
  const users = distinct(owners.map(({ userId }) => userId));
  const keys = distinct(owners.map(({ keyId }) => keyId));
  const requests = owners.map(({ requestId }) => requestId);
  const rows = group.flatMap((one) => (one.kind === 'charge' ? [toRow(one.charge, batchId)] : []));
  const insert = db
    .insertInto('ledger')
    .values(distinctRows(rows))
    .onConflict((conflict) => conflict.columns(['request_id', 'kind']).doNothing());
  return [
    ...lockUsers(db, dialect, users),
    ...(rows.length === 0 ? [] : [toStatement(insert)]),
    ...(users.length === 0 ? [] : [settleOwners(db, 'users', users, requests, batchId)]),
    ...(keys.length === 0 ? [] : [settleOwners(db, 'api_keys', keys, requests, batchId)]),
    toStatement(db.deleteFrom('reservations').where('request_id', 'in', requests)),
  ];
}

/** Ends reservations that nobody has settled in time. */
export function expireReservations(db: Builder, dialect: SqlDialect, nowMs: number): readonly SqlStatement[] {
  const expired = (owner: 'user_id' | 'key_id'): RawBuilder<unknown> =>
    sql`select ${sql.ref(owner)} from reservations where expires_at_ms <= ${nowMs}`;
  const free = (table: 'users' | 'api_keys', owner: 'user_id' | 'key_id'): SqlStatement =>
    compile(
      db,
      sql`update ${sql.table(table)} set reserved_micro = reserved_micro -
        (select sum(amount_micro) from reservations
          where expires_at_ms <= ${nowMs} and ${sql.ref(owner)} = ${sql.table(table)}.id)
        where id in (${expired(owner)})`,
    );
  return [
    ...lockUsers(db, dialect, expired('user_id')),
    free('users', 'user_id'),
    free('api_keys', 'key_id'),
    toStatement(db.deleteFrom('reservations').where('expires_at_ms', '<=', nowMs)),
  ];
}

/** Writes credits given or taken by hand; the same id does nothing a second time. */
export function grantStatements(
  db: Builder,
  dialect: SqlDialect,
  grant: Grant,
  batchId: string,
): readonly SqlStatement[] {
  const { id, userId, kind, amountMicro, atMs } = grant;
  const row: LedgerColumns = {
    ...NO_USAGE,
    request_id: id,
    kind,
    batch_id: batchId,
    user_id: userId,
    key_id: '',
    at_ms: atMs,
    day: toDay(atMs),
    cost_micro_usd: null,
    credits_micro: amountMicro,
  };
  return [
    ...lockUsers(db, dialect, [userId]),
    toStatement(
      db
        .insertInto('ledger')
        .values(row)
        .onConflict((conflict) => conflict.columns(['request_id', 'kind']).doNothing()),
    ),
    compile(
      db,
      sql`update users set granted_micro = granted_micro +
        (select coalesce(sum(credits_micro), 0) from ledger where batch_id = ${batchId})
        where id = ${userId} returning id, granted_micro - charged_micro as balance`,
    ),
  ];
}

function settleOwners(
  db: Builder,
  table: 'users' | 'api_keys',
  ids: readonly string[],
  requests: readonly string[],
  batchId: string,
): SqlStatement {
  const owner = sql.ref(table === 'users' ? 'user_id' : 'key_id');
  const own = sql`${owner} = ${sql.table(table)}.id`;
  return compile(
    db,
    sql`update ${sql.table(table)} set
      charged_micro = charged_micro +
        (select coalesce(sum(credits_micro), 0) from ledger where batch_id = ${batchId} and ${own}),
      reserved_micro = reserved_micro -
        (select coalesce(sum(amount_micro), 0) from reservations
          where request_id in (${sql.join(requests)}) and ${own})
      where id in (${sql.join(ids)})`,
  );
}

function toOwner(one: Settlement): {
  readonly requestId: string;
  readonly userId: string;
  readonly keyId: string;
} {
  return one.kind === 'charge' ? one.charge : one;
}

const NO_USAGE = {
  provider: '',
  model: '',
  input_tokens: 0,
  output_tokens: 0,
  cached_tokens: 0,
  reasoning_tokens: 0,
  is_estimated: 0,
  is_streaming: 0,
} as const;

function toRow(charge: Charge, batchId: string): LedgerColumns {
  const { usage } = charge;
  return {
    request_id: charge.requestId,
    kind: 'charge',
    batch_id: batchId,
    user_id: charge.userId,
    key_id: charge.keyId,
    at_ms: charge.atMs,
    day: toDay(charge.atMs),
    provider: charge.provider,
    model: charge.model,
    input_tokens: usage.inputTokens,
    output_tokens: usage.outputTokens,
    cached_tokens: usage.cachedInputTokens,
    reasoning_tokens: usage.reasoningTokens,
    cost_micro_usd: charge.costMicroUsd,
    credits_micro: charge.creditsMicro,
    is_estimated: charge.isEstimated ? 1 : 0,
    is_streaming: charge.isStreaming ? 1 : 0,
  };
}

/** The first of each request: one statement must not hold the same key twice. */
function distinctRows(rows: readonly LedgerColumns[]): readonly LedgerColumns[] {
  const byRequest = new Map<string, LedgerColumns>();
  for (const row of rows) if (!byRequest.has(row.request_id)) byRequest.set(row.request_id, row);
  return [...byRequest.values()];
}

function distinct(ids: readonly string[]): readonly string[] {
  return [...new Set(ids)].filter((id) => id !== '');
}

function compile(db: Builder, query: RawBuilder<unknown>): SqlStatement {
  return toStatement({ compile: () => query.compile(db) });
}

/** The UTC day of a time: `2026-01-31`. */
export function toDay(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 10);
}
