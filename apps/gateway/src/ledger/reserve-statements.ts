import type { SqlDialect, SqlRow, SqlStatement } from '@gatewayz/database';
import { type AskedColumn, isAmong, parameterOf, selectAsked, toParameter } from './asked-rows.ts';
import type { Reservation, ReserveResult } from './charge.ts';
import { lockUsersSql } from './lock-users.ts';

/** How one reservation of a group went; `again`: it alone fits, its neighbours were in the way. */
export type ReservePass = ReserveResult | 'again';

/** Writes reservations in groups. */
export interface ReserveStatements {
  /**
   * Reserves in order as long as there is credit and budget: sums run over the group, so that the whole of it is held
   * against the balance in one statement. The rows of the statement at `at` are those that were reserved.
   */
  reserve(
    group: readonly Reservation[],
    batchId: string,
    nowMs: number,
  ): { readonly statements: readonly SqlStatement[]; readonly at: number };
  /** Asks why these were not reserved. */
  whyNot(group: readonly Reservation[]): readonly SqlStatement[];
}

const COLUMNS: readonly AskedColumn[] = [
  ['request_id', 'text'],
  ['user_id', 'text'],
  ['key_id', 'text'],
  ['amount_micro', 'whole'],
  ['expires_at_ms', 'whole'],
];

/** Writes the statements of a dialect once, for groups of every size. */
export function reserveStatements(dialect: SqlDialect): ReserveStatements {
  const lock = lockUsersSql(dialect);
  const insert = insertSql(dialect);
  const addToUsers = addReservedSql(dialect, 'users', 'user_id');
  const addToKeys = addReservedSql(dialect, 'api_keys', 'key_id');
  const reserved = `select request_id from reservations where ${isAmong(dialect, 'request_id', 1)}`;
  const users = `select id, granted_micro - charged_micro - reserved_micro as free, disabled_at_ms from users
    where ${isAmong(dialect, 'id', 1)}`;
  const keys = `select id, budget_micro - charged_micro - reserved_micro as free from api_keys
    where budget_micro is not null and ${isAmong(dialect, 'id', 1)}`;

  return {
    reserve(group, batchId, nowMs) {
      const rows = toParameter(
        group.map((one) => [one.requestId, one.userId, one.keyId, one.amountMicro, one.expiresAtMs]),
      );
      const requests = toParameter(group.map(({ requestId }) => requestId));
      const locks = lock === null ? [] : [{ sql: lock, parameters: [listOf(group, 'userId')] }];
      return {
        at: locks.length,
        statements: [
          ...locks,
          { sql: insert, parameters: [rows, batchId, nowMs] },
          { sql: addToUsers, parameters: [requests, batchId] },
          { sql: addToKeys, parameters: [requests, batchId] },
        ],
      };
    },
    whyNot: (group) => [
      // What an earlier call has reserved under the same id.
      { sql: reserved, parameters: [listOf(group, 'requestId')] },
      { sql: users, parameters: [listOf(group, 'userId')] },
      { sql: keys, parameters: [listOf(group, 'keyId')] },
    ],
  };
}

/** Reads why reservations of a group failed, from the rows of `whyNot`; `again` where it is not seen. */
export function readWhyNot(
  group: readonly Reservation[],
  [reserved = [], users = [], keys = []]: readonly (readonly SqlRow[])[],
): readonly ReservePass[] {
  const taken = new Set(reserved.map(({ request_id: id }) => id));
  const enabled = users.filter(({ disabled_at_ms: disabledAt }) => disabledAt === null);
  const userFree = new Map(enabled.map(({ id, free }) => [id, Number(free)]));
  const keyFree = new Map(keys.map(({ id, free }) => [id, Number(free)]));
  return group.map((one) => (taken.has(one.requestId) ? 'reserved' : judge(one, userFree, keyFree)));
}

function judge(
  { userId, keyId, amountMicro }: Reservation,
  userFree: ReadonlyMap<unknown, number>,
  keyFree: ReadonlyMap<unknown, number>,
): ReservePass {
  const free = userFree.get(userId);
  if (free === undefined) return 'unknown_user';
  if (free < amountMicro) return 'no_credit';
  return (keyFree.get(keyId) ?? amountMicro) < amountMicro ? 'budget_spent' : 'again';
}

function listOf(group: readonly Reservation[], field: 'requestId' | 'userId' | 'keyId'): string {
  return toParameter([...new Set(group.map((one) => one[field]))]);
}

function insertSql(dialect: SqlDialect): string {
  return `
    with asked as (${selectAsked(dialect, 1, COLUMNS)}),
    running as (
      select asked.*,
        sum(amount_micro) over (partition by user_id order by ordinal) as user_sum,
        sum(amount_micro) over (partition by key_id order by ordinal) as key_sum
      from asked
    )
    insert into reservations
      (request_id, batch_id, user_id, key_id, amount_micro, created_at_ms, expires_at_ms)
    select running.request_id, ${parameterOf(dialect, 2, 'text')}, running.user_id, running.key_id,
      running.amount_micro, ${parameterOf(dialect, 3, 'bigint')}, running.expires_at_ms
    from running
      join users on users.id = running.user_id
      left join api_keys on api_keys.id = running.key_id
    where users.disabled_at_ms is null
      and users.granted_micro - users.charged_micro - users.reserved_micro >= running.user_sum
      and (api_keys.budget_micro is null
        or api_keys.budget_micro - api_keys.charged_micro - api_keys.reserved_micro >= running.key_sum)
    order by running.ordinal
    on conflict (request_id) do nothing
    returning request_id`;
}

function addReservedSql(
  dialect: SqlDialect,
  table: 'users' | 'api_keys',
  owner: 'user_id' | 'key_id',
): string {
  return `
    update ${table} set reserved_micro = reserved_micro + added.amount
    from (
      select ${owner} as owner, sum(amount_micro) as amount from reservations
      where ${isAmong(dialect, 'request_id', 1)} and batch_id = ${parameterOf(dialect, 2, 'text')}
      group by ${owner}
    ) as added
    where id = added.owner`;
}
