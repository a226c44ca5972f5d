import { type SqlDialect, type SqlStatement, toStatement } from '@gatewayz/database';
import { type RawBuilder, sql } from 'kysely';
import type { Builder } from '../store/schema.ts';
import type { Grant } from './charge.ts';
import { lockUsers } from './lock-users.ts';
import { toDay } from './to-day.ts';

/**
 * Writes credits given or taken by hand, where there is such a user, and where that leaves a balance of zero or more
 * (credits given may leave it below) and all grants a number that is exact; the same id does nothing a second time.
 * The last statement gives the balance, and no row where the ledger has no such grant.
 */
export function grantStatements(
  db: Builder,
  dialect: SqlDialect,
  { id, userId, kind, amountMicro, atMs }: Grant,
  batchId: string,
): readonly SqlStatement[] {
  const insert = sql`
    insert into ledger (request_id, kind, batch_id, user_id, key_id, at_ms, day, provider, model, input_tokens,
      output_tokens, cached_tokens, reasoning_tokens, cost_micro_usd, credits_micro, is_estimated, is_streaming)
    select cast(${id} as text), cast(${kind} as text), cast(${batchId} as text), id, '', cast(${atMs} as bigint),
      cast(${toDay(atMs)} as text), '', '', 0, 0, 0, 0, null, cast(${amountMicro} as bigint), 0, 0
    from users where id = ${userId} and ${isPossible(amountMicro)}
      and not exists (select 1 from ledger where request_id = ${id})
    on conflict (request_id, kind) do nothing`;
  const add = sql`
    update users set granted_micro = granted_micro +
      (select coalesce(sum(credits_micro), 0) from ledger
        where request_id = ${id} and kind = ${kind} and batch_id = ${batchId} and user_id = ${userId})
    where id = ${userId}
      and exists (select 1 from ledger where request_id = ${id} and kind = ${kind} and user_id = ${userId})
    returning id, granted_micro - charged_micro as balance`;
  return [...lockUsers(db, dialect, [userId]), compile(db, insert), compile(db, add)];
}

/** Decided where it is written: of several changes at once each would find that it alone is possible. */
function isPossible(amountMicro: number): RawBuilder<unknown> {
  return amountMicro < 0
    ? sql`granted_micro - charged_micro >= cast(${-amountMicro} as bigint)`
    : sql`granted_micro <= cast(${Number.MAX_SAFE_INTEGER - amountMicro} as bigint)`;
}

/** Ends reservations that nobody has settled in time. */
export function expireReservations(db: Builder, dialect: SqlDialect, nowMs: number): readonly SqlStatement[] {
  const expired = (owner: 'user_id' | 'key_id'): RawBuilder<unknown> =>
    sql`select ${sql.ref(owner)} from reservations where expires_at_ms <= ${nowMs}`;
  const free = (table: 'users' | 'api_keys', owner: 'user_id' | 'key_id'): SqlStatement =>
    compile(
      db,
      sql`update ${sql.table(table)} set reserved_micro = reserved_micro - (select sum(amount_micro) from reservations
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

function compile(db: Builder, query: RawBuilder<unknown>): SqlStatement {
  return toStatement({ compile: () => query.compile(db) });
}
