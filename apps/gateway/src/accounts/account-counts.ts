import { type SqlRow, type SqlStatement, toStatement } from '@gatewayz/database';
import { type RawBuilder, sql } from 'kysely';
import { lockUsers } from '../ledger/lock-users.ts';
import type { AccountStore } from './account-store.ts';
import type { KeyStatus } from './keys.ts';
import { TRIAL_ENDS, type TrialEnd } from './trials.ts';
import { FREE_PLAN } from './users.ts';

/** The business in numbers. Statuses are all there, be it with 0. */
export interface AccountCounts {
  readonly keys: readonly { readonly status: KeyStatus; readonly count: number }[];
  /** Those that are active. */
  readonly subscriptions: readonly {
    readonly planType: string;
    readonly billingCycle: string;
    readonly count: number;
  }[];
  readonly trials: readonly { readonly status: 'active' | TrialEnd; readonly count: number }[];
  readonly balances: readonly { readonly planType: string; readonly balanceMicro: number }[];
}

const KEY_STATUSES: readonly KeyStatus[] = ['active', 'expired', 'revoked'];
const TRIAL_STATUSES = ['active', ...TRIAL_ENDS] as const;

/** Ends the subscriptions and trials whose time is over, then counts. Rejects with a `SqlError`. */
export async function countAccounts(store: AccountStore): Promise<AccountCounts> {
  await endLapsed(store);
  const { database, db, epochNow } = store;
  const rowsOf = async (
    table: 'api_keys' | 'subscriptions' | 'trials' | 'users',
    query: RawBuilder<unknown>,
  ): Promise<readonly SqlRow[]> => {
    const statement = toStatement({ compile: () => query.compile(db) });
    return (await database.run({ table, operation: 'count' }, () => [statement]))[0] ?? [];
  };
  const keys = await rowsOf(
    'api_keys',
    sql`select case when revoked_at_ms is not null then 'revoked'
        when expires_at_ms <= ${epochNow()} then 'expired' else 'active' end as status, count(*) as amount
      from api_keys group by 1`,
  );
  const subscriptions = await rowsOf(
    'subscriptions',
    sql`select plan_type, billing_cycle, count(*) as amount from subscriptions
      where status = 'active' group by plan_type, billing_cycle order by plan_type, billing_cycle`,
  );
  const trials = await rowsOf('trials', sql`select status, count(*) as amount from trials group by status`);
  const balances = await rowsOf(
    'users',
    sql`select plan_type, sum(granted_micro - charged_micro) as amount from users
      group by plan_type order by plan_type`,
  );
  return {
    keys: KEY_STATUSES.map((status) => ({ status, count: amountOf(keys, status) })),
    subscriptions: subscriptions.map((row) => ({
      planType: String(row.plan_type),
      billingCycle: String(row.billing_cycle),
      count: Number(row.amount),
    })),
    trials: TRIAL_STATUSES.map((status) => ({ status, count: amountOf(trials, status) })),
    balances: balances.map((row) => ({ planType: String(row.plan_type), balanceMicro: Number(row.amount) })),
  };
}

function amountOf(rows: readonly SqlRow[], status: string): number {
  return Number(rows.find((row) => row.status === status)?.amount ?? 0);
}

async function endLapsed({ database, db, epochNow }: AccountStore): Promise<void> {
  const nowMs = epochNow();
  const isOver = sql`status = 'active' and ends_at_ms <= ${nowMs}`;
  const users = sql`select user_id from subscriptions where ${isOver}`;
  const compile = (query: RawBuilder<unknown>): SqlStatement =>
    toStatement({ compile: () => query.compile(db) });
  await database.run({ table: 'subscriptions', operation: 'update' }, () => [
    ...lockUsers(db, database.dialect, users),
    compile(sql`update users set plan_type = ${FREE_PLAN} where id in (${users})
      and id not in (select user_id from subscriptions
        where status = 'active' and (ends_at_ms is null or ends_at_ms > ${nowMs}))`),
    compile(sql`update subscriptions set status = 'expired' where ${isOver}`),
    compile(sql`update trials set status = 'expired' where ${isOver}`),
  ]);
}
