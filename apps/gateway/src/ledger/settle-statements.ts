import { type SqlDialect, type SqlStatement, type SqlValue, toStorableText } from '@gatewayz/database';
import { type AskedColumn, isAmong, parameterOf, selectAsked, toParameter } from './asked-rows.ts';
import type { Charge } from './charge.ts';
import { lockUsersSql } from './lock-users.ts';
import { KEY_STANDING, USER_STANDING } from './own-reservations.ts';
import { toDay } from './to-day.ts';

/** A request that has ended: with what it cost, or without a charge where it cost nothing. */
export type Settlement =
  | { readonly kind: 'charge'; readonly charge: Charge }
  | { readonly kind: 'release'; readonly requestId: string; readonly userId: string; readonly keyId: string };

/**
 * Settles a group in one transaction: what is new in the ledger is charged, and the reservations end. What has been
 * settled before does nothing: only rows of this batch are summed up.
 */
export type SettleGroup = (group: readonly Settlement[], batchId: string) => readonly SqlStatement[];

const COLUMNS: readonly AskedColumn[] = [
  ['request_id', 'text'],
  ['user_id', 'text'],
  ['key_id', 'text'],
  ['at_ms', 'whole'],
  ['day', 'text'],
  ['provider', 'text'],
  ['model', 'text'],
  ['input_tokens', 'whole'],
  ['output_tokens', 'whole'],
  ['cached_tokens', 'whole'],
  ['reasoning_tokens', 'whole'],
  ['cost_micro_usd', 'whole'],
  ['credits_micro', 'whole'],
  ['is_estimated', 'whole'],
  ['is_streaming', 'whole'],
];

/** Writes the statements of a dialect once, for groups of every size; for reservations that are in the database. */
export function settleStatements(dialect: SqlDialect): SettleGroup {
  const lock = lockUsersSql(dialect);
  const insert = insertSql(dialect);
  const moveOfUsers = moveSql(dialect, 'users', 'user_id');
  const moveOfKeys = moveSql(dialect, 'api_keys', 'key_id');
  const remove = `delete from reservations where ${isAmong(dialect, 'request_id', 1)}`;

  return (group, batchId) => {
    const rows = group.flatMap((one) => (one.kind === 'charge' ? [toRow(one.charge)] : []));
    const owners = group.map((one) => (one.kind === 'charge' ? one.charge : one));
    const requests = toParameter(owners.map(({ requestId }) => requestId));
    const users = toParameter([...new Set(owners.map(({ userId }) => userId))]);
    return [
      ...(lock === null ? [] : [{ sql: lock, parameters: [users] }]),
      ...(rows.length === 0 ? [] : [{ sql: insert, parameters: [toParameter(rows), batchId] }]),
      { sql: moveOfUsers, parameters: [requests, batchId] },
      { sql: moveOfKeys, parameters: [requests, batchId] },
      { sql: remove, parameters: [requests] },
    ];
  };
}

/**
 * The same where no reservation is in the database: the rows of the last two statements are what is left of users and
 * keys.
 */
export function chargeStatements(
  dialect: SqlDialect,
): (charges: readonly Charge[], batchId: string) => readonly SqlStatement[] {
  const insert = insertSql(dialect);
  const users = chargeSql(dialect, 'users', 'user_id', USER_STANDING);
  const keys = chargeSql(dialect, 'api_keys', 'key_id', KEY_STANDING);
  return (charges, batchId) => {
    const requests = toParameter(charges.map(({ requestId }) => requestId));
    return [
      { sql: insert, parameters: [toParameter(charges.map(toRow)), batchId] },
      { sql: users, parameters: [requests, batchId] },
      { sql: keys, parameters: [requests, batchId] },
    ];
  };
}

function chargeSql(
  dialect: SqlDialect,
  table: 'users' | 'api_keys',
  owner: 'user_id' | 'key_id',
  standing: string,
): string {
  return `
    update ${table} set charged_micro = charged_micro + moved.charged
    from (
      select ${owner} as owner, sum(credits_micro) as charged from ledger
      where ${isAmong(dialect, 'request_id', 1)} and kind = 'charge'
        and batch_id = ${parameterOf(dialect, 2, 'text')}
      group by ${owner}
    ) as moved
    where id = moved.owner returning ${standing}`;
}

function insertSql(dialect: SqlDialect): string {
  const names = COLUMNS.map(([name]) => name).join(', ');
  // Without the condition SQLite takes the conflict's `on` for that of a join.
  return `
    insert into ledger (kind, batch_id, ${names})
    select 'charge', ${parameterOf(dialect, 2, 'text')}, ${names}
    from (${selectAsked(dialect, 1, COLUMNS)}) as asked
    where true order by ordinal
    on conflict (request_id, kind) do nothing`;
}

function moveSql(dialect: SqlDialect, table: 'users' | 'api_keys', owner: 'user_id' | 'key_id'): string {
  const isAsked = isAmong(dialect, 'request_id', 1);
  return `
    update ${table} set
      charged_micro = charged_micro + moved.charged,
      reserved_micro = reserved_micro - moved.reserved
    from (
      select owner, sum(charged) as charged, sum(reserved) as reserved from (
        select ${owner} as owner, credits_micro as charged, 0 as reserved from ledger
        where ${isAsked} and kind = 'charge' and batch_id = ${parameterOf(dialect, 2, 'text')}
        union all
        select ${owner} as owner, 0 as charged, amount_micro as reserved from reservations
        where ${isAsked}
      ) as moves group by owner
    ) as moved
    where id = moved.owner`;
}

/** In the order of the columns. */
function toRow(charge: Charge): readonly SqlValue[] {
  const { usage } = charge;
  return [
    charge.requestId,
    charge.userId,
    charge.keyId,
    charge.atMs,
    toDay(charge.atMs),
    charge.provider,
    toStorableText(charge.model),
    usage.inputTokens,
    usage.outputTokens,
    usage.cachedInputTokens,
    usage.reasoningTokens,
    charge.costMicroUsd,
    charge.creditsMicro,
    charge.isEstimated ? 1 : 0,
    charge.isStreaming ? 1 : 0,
  ];
}
