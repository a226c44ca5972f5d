import type { SqlDialect, SqlStatement } from '@gatewayz/database';
import { type AskedColumn, isAmong, selectAsked, toParameter } from './asked-rows.ts';
import { CHARGE_COLUMNS, type ChargeRow } from './charge-row.ts';
import { lockUsersSql } from './lock-users.ts';

/** What a reservation in the database is to be from now on; it ends where nothing is left of it. */
export interface ReservationChange {
  readonly requestId: string;
  readonly userId: string;
  readonly amountMicro: number;
  readonly expiresAtMs: number;
}

/**
 * Charges in one transaction what is new in the ledger, and lowers reservations. What has been charged before does
 * nothing: only rows of this batch are summed up. The rows of the last two statements are {@link USER_STANDING} and
 * {@link KEY_STANDING} of those who were charged or have got back.
 */
export type SettleStatements = (
  charges: readonly ChargeRow[],
  changes: readonly ReservationChange[],
  batchId: string,
) => readonly SqlStatement[];

/** What is told of users. */
export const USER_STANDING = 'id, granted_micro - charged_micro - reserved_micro as free, disabled_at_ms';
/** What is told of keys; `free` is null without a budget. */
export const KEY_STANDING = 'id, budget_micro - charged_micro - reserved_micro as free';

const CHANGE_COLUMNS: readonly AskedColumn[] = [
  ['request_id', 'text'],
  ['amount_micro', 'whole'],
  ['expires_at_ms', 'whole'],
];

/** Writes the statements of a dialect once, for groups of every size. */
export function settleStatements(dialect: SqlDialect): SettleStatements {
  const lock = lockUsersSql(dialect);
  const charge = dialect === 'sqlite' ? chargeInSqlite() : chargeInPostgres();
  const change = changeStatements(dialect);
  const users = `select ${USER_STANDING} from users where ${isAmong(dialect, 'id', 1)}`;
  const keys = `select ${KEY_STANDING} from api_keys where ${isAmong(dialect, 'id', 1)}`;

  return (charges, changes, batchId) => {
    const owners = distinct([...charges, ...changes].map(({ userId }) => userId));
    return [
      ...(lock === null ? [] : [{ sql: lock, parameters: [owners] }]),
      ...(charges.length === 0 ? [] : charge(charges, batchId)),
      ...(changes.length === 0 ? [] : change(changes)),
      { sql: users, parameters: [owners] },
      { sql: keys, parameters: [distinct(charges.map(({ keyId }) => keyId))] },
    ];
  };
}

function distinct(ids: readonly string[]): string {
  return toParameter([...new Set(ids)]);
}

type ChargeStatements = (charges: readonly ChargeRow[], batchId: string) => readonly SqlStatement[];

const NAMES = CHARGE_COLUMNS.map(([name]) => name).join(', ');

/** Rows that have come as JSON stay JSON, up to the database. */
function rowsOf(charges: readonly ChargeRow[]): string {
  return `[${charges.map(({ text }) => text).join(',')}]`;
}

function chargeInSqlite(): ChargeStatements {
  // Bound one by one in the database's thread: half of what reading them in SQL costs.
  const values = CHARGE_COLUMNS.map((_, index) => `?${index + 2}`).join(', ');
  const insert = `insert into ledger (kind, batch_id, ${NAMES}) values ('charge', ?1, ${values})
    on conflict (request_id, kind) do nothing`;
  // What has just been added is at the end of the table: nothing has to be looked up.
  // Without `not indexed` the planner takes the index that is in the order of the owners, and all of it.
  const added = `select * from ledger not indexed
    where rowid > (select max(rowid) from ledger) - ?1 and batch_id = ?2`;
  const users = addSql('users', 'user_id', added);
  const keys = addSql('api_keys', 'key_id', added);
  return (charges, batchId) => [
    { sql: insert, parameters: [batchId], rows: rowsOf(charges) },
    { sql: users, parameters: [charges.length, batchId] },
    { sql: keys, parameters: [charges.length, batchId] },
  ];
}

function chargeInPostgres(): ChargeStatements {
  const added = 'select * from added';
  const sql = `
    with added as (
      insert into ledger (kind, batch_id, ${NAMES})
      select 'charge', cast($2 as text), ${NAMES}
      from (${selectAsked('postgres', 1, CHARGE_COLUMNS)}) as asked
      order by ordinal
      on conflict (request_id, kind) do nothing
      returning user_id, key_id, credits_micro
    ), charged as (${addSql('users', 'user_id', added)})
    ${addSql('api_keys', 'key_id', added)}`;
  return (charges, batchId) => [{ sql, parameters: [rowsOf(charges), batchId] }];
}

/** Charges the owners of the rows that have been added. */
function addSql(table: 'users' | 'api_keys', owner: 'user_id' | 'key_id', added: string): string {
  return `
    update ${table} set charged_micro = charged_micro + sums.amount
    from (
      select ${owner} as owner, sum(credits_micro) as amount from (${added}) as charges group by ${owner}
    ) as sums
    where id = sums.owner`;
}

/** Lowers reservations; those that are not there any more have been given back before. */
function changeStatements(
  dialect: SqlDialect,
): (changes: readonly ReservationChange[]) => readonly SqlStatement[] {
  const asked = `(${selectAsked(dialect, 1, CHANGE_COLUMNS)}) as asked`;
  const giveBack = (table: 'users' | 'api_keys', owner: 'user_id' | 'key_id'): string => `
    update ${table} set reserved_micro = reserved_micro - freed.amount
    from (
      select ${owner} as owner, sum(reservations.amount_micro - asked.amount_micro) as amount
      from ${asked} join reservations on reservations.request_id = asked.request_id
      group by ${owner}
    ) as freed
    where id = freed.owner`;
  const lower = `
    update reservations set amount_micro = asked.amount_micro, expires_at_ms = asked.expires_at_ms
    from ${asked} where reservations.request_id = asked.request_id`;
  const texts = [giveBack('users', 'user_id'), giveBack('api_keys', 'key_id'), lower];
  const remove = `delete from reservations where ${isAmong(dialect, 'request_id', 1)}`;

  return (changes) => {
    const rows = toParameter(
      changes.map(({ requestId, amountMicro, expiresAtMs }) => [requestId, amountMicro, expiresAtMs]),
    );
    const ended = changes.filter(({ amountMicro }) => amountMicro === 0).map(({ requestId }) => requestId);
    return [
      ...texts.map((sql) => ({ sql, parameters: [rows] })),
      { sql: remove, parameters: [toParameter(ended)] },
    ];
  };
}
