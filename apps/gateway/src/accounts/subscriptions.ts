import { toStatement } from '@gatewayz/database';
import { sql } from 'kysely';
import { lockUsers } from '../ledger/lock-users.ts';
import type { SubscriptionColumns } from '../store/tables.ts';
import { AccountError } from './account-error.ts';
import { type AccountStore, createId, type Page, type PageQuery, runQuery, toPage } from './account-store.ts';
import type { KeyDirectory } from './key-directory.ts';
import type { Plans } from './plans.ts';
import type { SubscriptionGrants } from './subscription-grants.ts';
import { FREE_PLAN, type Users } from './users.ts';

export interface NewSubscription {
  readonly userId: string;
  readonly planId: string;
  /** Null: until it is cancelled. */
  readonly endsAtMs: number | null;
}

export interface UserPageQuery extends PageQuery {
  readonly userId?: string | undefined;
}

/** Who has subscribed to what; each user to one plan at a time. Rejects with `AccountError` and `SqlError`. */
export interface Subscriptions {
  /** Begins it and grants the plan's credits; the same again finds it begun, and grants what is still to be. */
  create(subscription: NewSubscription): Promise<SubscriptionColumns>;
  get(id: string): Promise<SubscriptionColumns>;
  list(query: UserPageQuery): Promise<Page<SubscriptionColumns>>;
  cancel(id: string): Promise<SubscriptionColumns>;
}

export interface SubscriptionsParts {
  readonly store: AccountStore;
  readonly grants: SubscriptionGrants;
  readonly users: Users;
  readonly plans: Plans;
  readonly directory: Pick<KeyDirectory, 'forgetUser'>;
}

export function createSubscriptions(parts: SubscriptionsParts): Subscriptions {
  const { store, grants, users, plans, directory } = parts;
  const { db, epochNow } = store;

  async function get(id: string): Promise<SubscriptionColumns> {
    const query = db.selectFrom('subscriptions').selectAll().where('id', '=', id);
    const [subscription] = await runQuery(store, ['subscriptions', 'select'], query);
    if (subscription === undefined) throw new AccountError('unknown', 'There is no such subscription.');
    return subscription;
  }

  return {
    async create({ userId, planId, endsAtMs }) {
      await users.get(userId);
      const plan = await plans.get(planId);
      const nowMs = epochNow();
      const subscription: SubscriptionColumns = {
        id: createId('sub', nowMs),
        user_id: userId,
        plan_id: planId,
        plan_type: plan.plan_type,
        billing_cycle: plan.billing_cycle,
        status: 'active',
        started_at_ms: nowMs,
        ends_at_ms: endsAtMs,
      };
      const active = await begin(store, subscription);
      directory.forgetUser(userId);
      if (active.plan_id !== planId) {
        throw new AccountError('conflict', 'The user has a subscription to another plan.');
      }
      await grants.grantFor({
        id: active.id,
        userId,
        billingCycle: active.billing_cycle,
        startedAtMs: active.started_at_ms,
        endsAtMs: active.ends_at_ms,
        creditsMicro: plan.credits_micro,
      });
      return active;
    },
    get,
    async list(query) {
      let select = db
        .selectFrom('subscriptions')
        .selectAll()
        .where('id', '>', query.after ?? '');
      if (query.userId !== undefined) select = select.where('user_id', '=', query.userId);
      const rows = await runQuery(
        store,
        ['subscriptions', 'select'],
        select.orderBy('id').limit(query.limit + 1),
      );
      return toPage(rows, query);
    },
    async cancel(id) {
      const { user_id: userId } = await get(id);
      const cancelled = await end(store, id, userId);
      directory.forgetUser(userId);
      if (cancelled === undefined) throw new AccountError('conflict', 'The subscription is not active.');
      return cancelled;
    },
  };
}

/** Begins a subscription where the user has none that is active, and gives the active one. */
async function begin(
  { db, database }: AccountStore,
  subscription: SubscriptionColumns,
): Promise<SubscriptionColumns> {
  const { id, user_id: userId, plan_type: planType, started_at_ms: nowMs } = subscription;
  const { plan_id: planId, billing_cycle: cycle, ends_at_ms: endsAtMs } = subscription;
  const isActive = sql<boolean>`status = 'active' and (ends_at_ms is null or ends_at_ms > ${nowMs})`;
  const insert = sql`
    insert into subscriptions
      (id, user_id, plan_id, plan_type, billing_cycle, status, started_at_ms, ends_at_ms)
    select cast(${id} as text), cast(${userId} as text), cast(${planId} as text), cast(${planType} as text),
      cast(${cycle} as text), 'active', cast(${nowMs} as bigint), cast(${endsAtMs} as bigint)
    where not exists (select 1 from subscriptions where user_id = ${userId} and ${isActive})`;
  const follow = sql`
    update users set plan_type = ${planType}
    where id = ${userId} and exists (select 1 from subscriptions where id = ${id})`;
  const select = db.selectFrom('subscriptions').selectAll().where('user_id', '=', userId).where(isActive);
  const results = await database.run({ table: 'subscriptions', operation: 'insert' }, () => [
    ...lockUsers(db, database.dialect, [userId]),
    toStatement({ compile: () => insert.compile(db) }),
    toStatement({ compile: () => follow.compile(db) }),
    toStatement(select),
  ]);
  return results.at(-1)?.[0] as unknown as SubscriptionColumns;
}

/** Ends a subscription that is active, and only then has its user fall back to having none. */
async function end(
  store: AccountStore,
  id: string,
  userId: string,
): Promise<SubscriptionColumns | undefined> {
  const { db, database, epochNow } = store;
  const cancel = db
    .updateTable('subscriptions')
    .set({ status: 'cancelled', ends_at_ms: epochNow() })
    .where('id', '=', id)
    .where('status', '=', 'active')
    .returningAll();
  const isActive = db
    .selectFrom('subscriptions')
    .select('id')
    .where('id', '=', id)
    .where('status', '=', 'active');
  const fallBack = db
    .updateTable('users')
    .set({ plan_type: FREE_PLAN })
    .where('id', '=', userId)
    .where((on) => on.exists(isActive));
  const [cancelled] = await runQuery(store, ['subscriptions', 'update'], cancel, [
    ...lockUsers(db, database.dialect, [userId]),
    toStatement(fallBack),
  ]);
  return cancelled;
}
