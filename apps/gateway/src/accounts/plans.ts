import type { PlanColumns } from '../store/tables.ts';
import { AccountError } from './account-error.ts';
import { type AccountStore, type Page, type PageQuery, runQuery, toPage } from './account-store.ts';

/** What can be subscribed to. Rejects with `AccountError` and `SqlError`. */
export interface Plans {
  create(plan: PlanColumns): Promise<PlanColumns>;
  get(id: string): Promise<PlanColumns>;
  list(page: PageQuery): Promise<Page<PlanColumns>>;
}

export function createPlans(store: AccountStore): Plans {
  const { db } = store;
  return {
    async create(plan) {
      const insert = db
        .insertInto('plans')
        .values(plan)
        .onConflict((conflict) => conflict.doNothing());
      const [created] = await runQuery(store, ['plans', 'insert'], insert.returningAll());
      if (created === undefined) throw new AccountError('exists', 'There is a plan with this id.');
      return created;
    },
    async get(id) {
      const query = db.selectFrom('plans').selectAll().where('id', '=', id);
      const [plan] = await runQuery(store, ['plans', 'select'], query);
      if (plan === undefined) throw new AccountError('unknown', 'There is no such plan.');
      return plan;
    },
    async list(page) {
      const query = db
        .selectFrom('plans')
        .selectAll()
        .where('id', '>', page.after ?? '')
        .orderBy('id')
        .limit(page.limit + 1);
      return toPage(await runQuery(store, ['plans', 'select'], query), page);
    },
  };
}
