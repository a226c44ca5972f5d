import type { SqlDialect, SqlRow, SqlStatement } from '@gatewayz/database';
import { toStatement } from '@gatewayz/database';
import { type RawBuilder, sql } from 'kysely';
import type { Builder } from '../store/schema.ts';
import type { Reservation, ReserveResult } from './charge.ts';
import { lockUsers } from './lock-users.ts';

/** How one reservation of a group went; `again`: it alone fits, its neighbours were in the way. */
export type ReservePass = ReserveResult | 'again';

/** A group of reservations in one transaction, and what it makes of its rows. */
export interface ReserveGroup {
  readonly statements: readonly SqlStatement[];
  readonly read: (results: readonly (readonly SqlRow[])[]) => readonly ReservePass[];
}

/**
 * Reserves in order as long as there is credit and budget: sums run over the group, so that the whole of it is held
 * against the balance in one statement. A refused one takes room from those after it; they are told `again` where
 * they would fit into what is left.
 */
export function reserveGroup(
  db: Builder,
  dialect: SqlDialect,
  group: readonly Reservation[],
  batchId: string,
  nowMs: number,
): ReserveGroup {
  const users = [...new Set(group.map(({ userId }) => userId))];
  const keys = [...new Set(group.map(({ keyId }) => keyId))];
  const compile = (query: RawBuilder<unknown>): SqlStatement =>
    toStatement({ compile: () => query.compile(db) });
  const lock = lockUsers(db, dialect, users);
  const statements = [
    ...lock,
    compile(insertReservations(group, batchId, nowMs)),
    compile(addReserved('users', batchId)),
    compile(addReserved('api_keys', batchId)),
    // Also what an earlier call has reserved under the same id.
    toStatement(
      db
        .selectFrom('reservations')
        .select('request_id')
        .where(
          'request_id',
          'in',
          group.map(({ requestId }) => requestId),
        ),
    ),
    compile(sql`select id, granted_micro - charged_micro - reserved_micro as free, disabled_at_ms from users
      where id in (${sql.join(users)})`),
    compile(sql`select id, budget_micro - charged_micro - reserved_micro as free from api_keys
      where id in (${sql.join(keys)}) and budget_micro is not null`),
  ];
  return {
    statements,
    read: (results) => {
      const [, , , reserved = [], freeOfUsers = [], freeOfKeys = []] = results.slice(lock.length);
      const taken = new Set(reserved.map(({ request_id: id }) => id));
      const enabled = freeOfUsers.filter(({ disabled_at_ms: disabledAt }) => disabledAt === null);
      const userFree = new Map(enabled.map(({ id, free }) => [id, Number(free)]));
      const keyFree = new Map(freeOfKeys.map(({ id, free }) => [id, Number(free)]));
      return group.map((one) => (taken.has(one.requestId) ? 'reserved' : judge(one, userFree, keyFree)));
    },
  };
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

function insertReservations(
  group: readonly Reservation[],
  batchId: string,
  nowMs: number,
): RawBuilder<unknown> {
  const rows = group.map(
    // Parameters have no type of their own in a list of values, and Postgres takes them for texts.
    ({ requestId, userId, keyId, amountMicro, expiresAtMs }, ordinal) =>
      sql`(cast(${ordinal} as bigint), ${requestId}, ${userId}, ${keyId},
        cast(${amountMicro} as bigint), cast(${expiresAtMs} as bigint))`,
  );
  return sql`
    with asked (ordinal, request_id, user_id, key_id, amount_micro, expires_at_ms) as (values ${sql.join(rows)}),
    running as (
      select asked.*,
        sum(amount_micro) over (partition by user_id order by ordinal) as user_sum,
        sum(amount_micro) over (partition by key_id order by ordinal) as key_sum
      from asked
    )
    insert into reservations
      (request_id, batch_id, user_id, key_id, amount_micro, created_at_ms, expires_at_ms)
    select running.request_id, ${batchId}, running.user_id, running.key_id, running.amount_micro,
      cast(${nowMs} as bigint), running.expires_at_ms
    from running
      join users on users.id = running.user_id
      left join api_keys on api_keys.id = running.key_id
    where users.disabled_at_ms is null
      and users.granted_micro - users.charged_micro - users.reserved_micro >= running.user_sum
      and (api_keys.budget_micro is null
        or api_keys.budget_micro - api_keys.charged_micro - api_keys.reserved_micro >= running.key_sum)
    on conflict (request_id) do nothing`;
}

function addReserved(table: 'users' | 'api_keys', batchId: string): RawBuilder<unknown> {
  const owner = sql.ref(table === 'users' ? 'user_id' : 'key_id');
  return sql`
    update ${sql.table(table)} set reserved_micro = reserved_micro +
      (select sum(amount_micro) from reservations where batch_id = ${batchId} and ${owner} = ${sql.table(table)}.id)
    where id in (select ${owner} from reservations where batch_id = ${batchId})`;
}
