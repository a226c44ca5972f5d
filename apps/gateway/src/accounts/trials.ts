import { toStatement } from '@gatewayz/database';
import { sql } from 'kysely';
import type { Ledger } from '../ledger/ledger.ts';
import { lockUsers } from '../ledger/lock-users.ts';
import type { TrialColumns } from '../store/tables.ts';
import { AccountError } from './account-error.ts';
import { type AccountStore, createId, type Page, runQuery, toPage } from './account-store.ts';
import { giveCredits } from './give-credits.ts';
import type { UserPageQuery } from './subscriptions.ts';
import type { Users } from './users.ts';

export interface NewTrial {
  readonly userId: string;
  readonly endsAtMs: number;
  /** Granted at its start. */
  readonly creditMicro: number;
}

/** How a trial can end. */
export const TRIAL_ENDS = ['converted', 'cancelled', 'expired'] as const;
export type TrialEnd = (typeof TRIAL_ENDS)[number];

/** Times for trying things out; each user has one in a lifetime. Rejects with `AccountError` and `SqlError`. */
export interface Trials {
  /** Begins it and grants its credits; while it lasts the same again finds it begun, and grants what is still to be. */
  create(trial: NewTrial): Promise<TrialColumns>;
  list(query: UserPageQuery): Promise<Page<TrialColumns>>;
  end(id: string, end: TrialEnd): Promise<TrialColumns>;
}

export function createTrials(store: AccountStore, ledger: Pick<Ledger, 'grant'>, users: Users): Trials {
  const { db, epochNow } = store;
  return {
    async create({ userId, endsAtMs, creditMicro }) {
      await users.get(userId);
      const nowMs = epochNow();
      const trial = await begin(store, { userId, endsAtMs, creditMicro }, nowMs);
      if (trial.status !== 'active' || trial.ends_at_ms !== endsAtMs) {
        throw new AccountError('conflict', 'The user has had a trial.');
      }
      const grant = { id: `trial:${trial.id}`, userId, amountMicro: creditMicro, atMs: nowMs };
      if (creditMicro > 0) await giveCredits(ledger, grant);
      return trial;
    },
    async list(query) {
      let select = db
        .selectFrom('trials')
        .selectAll()
        .where('id', '>', query.after ?? '');
      if (query.userId !== undefined) select = select.where('user_id', '=', query.userId);
      const rows = await runQuery(store, ['trials', 'select'], select.orderBy('id').limit(query.limit + 1));
      return toPage(rows, query);
    },
    async end(id, end) {
      const update = db
        .updateTable('trials')
        .set({ status: end, ends_at_ms: epochNow() })
        .where('id', '=', id)
        .where('status', '=', 'active')
        .returningAll();
      const [ended] = await runQuery(store, ['trials', 'update'], update);
      if (ended !== undefined) return ended;
      const query = db.selectFrom('trials').select('id').where('id', '=', id);
      const isKnown = (await runQuery(store, ['trials', 'select'], query)).length > 0;
      if (isKnown) throw new AccountError('conflict', 'The trial is not active.');
      throw new AccountError('unknown', 'There is no such trial.');
    },
  };
}

/** Begins a trial where the user has never had one, and gives the user's one. */
async function begin(
  { db, database }: AccountStore,
  { userId, endsAtMs }: NewTrial,
  nowMs: number,
): Promise<TrialColumns> {
  const insert = sql`
    insert into trials (id, user_id, status, started_at_ms, ends_at_ms)
    select cast(${createId('trial', nowMs)} as text), cast(${userId} as text), 'active',
      cast(${nowMs} as bigint), cast(${endsAtMs} as bigint)
    where not exists (select 1 from trials where user_id = ${userId})`;
  const results = await database.run({ table: 'trials', operation: 'insert' }, () => [
    ...lockUsers(db, database.dialect, [userId]),
    toStatement({ compile: () => insert.compile(db) }),
    toStatement(db.selectFrom('trials').selectAll().where('user_id', '=', userId)),
  ]);
  return results.at(-1)?.[0] as unknown as TrialColumns;
}
