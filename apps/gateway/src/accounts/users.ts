import type { Ledger } from '../ledger/ledger.ts';
import type { UserColumns } from '../store/tables.ts';
import { AccountError } from './account-error.ts';
import { type AccountStore, createId, type Page, type PageQuery, runQuery, toPage } from './account-store.ts';
import type { KeyDirectory } from './key-directory.ts';

export interface NewUser {
  /** Chosen by the operator, or made. */
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  readonly planType?: string | undefined;
}

/** What is to be changed; what is absent stays. */
export interface UserChange {
  readonly name?: string | undefined;
  readonly planType?: string | undefined;
  readonly disabled?: boolean | undefined;
}

/** Those who pay. Rejects with `AccountError` and `SqlError`. */
export interface Users {
  create(user: NewUser): Promise<UserColumns>;
  get(id: string): Promise<UserColumns>;
  list(page: PageQuery): Promise<Page<UserColumns>>;
  change(id: string, change: UserChange): Promise<UserColumns>;
}

/** The plan of whoever has no subscription. */
export const FREE_PLAN = 'free';

export function createUsers(
  store: AccountStore,
  directory: Pick<KeyDirectory, 'forgetUser'>,
  held: Ledger['held'],
): Users {
  const { db, epochNow } = store;
  const withHeld = (user: UserColumns): UserColumns => ({
    ...user,
    reserved_micro: user.reserved_micro + held.ofUser(user.id),
  });
  return {
    async create({ id = createId('user', epochNow()), name = id, planType = FREE_PLAN }) {
      const user: UserColumns = {
        id,
        name,
        plan_type: planType,
        created_at_ms: epochNow(),
        disabled_at_ms: null,
        granted_micro: 0,
        charged_micro: 0,
        reserved_micro: 0,
      };
      const insert = db
        .insertInto('users')
        .values(user)
        .onConflict((conflict) => conflict.doNothing());
      const [created] = await runQuery(store, ['users', 'insert'], insert.returningAll());
      if (created === undefined) throw new AccountError('exists', 'There is a user with this id.');
      return created;
    },
    async get(id) {
      const [user] = await runQuery(
        store,
        ['users', 'select'],
        db.selectFrom('users').selectAll().where('id', '=', id),
      );
      return withHeld(user ?? unknownUser());
    },
    async list(page) {
      const query = db
        .selectFrom('users')
        .selectAll()
        .where('id', '>', page.after ?? '')
        .orderBy('id')
        .limit(page.limit + 1);
      const users = await runQuery(store, ['users', 'select'], query);
      return toPage(users.map(withHeld), page);
    },
    async change(id, { name, planType, disabled }) {
      const update = db
        .updateTable('users')
        .set({
          ...(name === undefined ? {} : { name }),
          ...(planType === undefined ? {} : { plan_type: planType }),
          ...(disabled === undefined ? {} : { disabled_at_ms: disabled ? epochNow() : null }),
        })
        .where('id', '=', id)
        .returningAll();
      try {
        const [user] = await runQuery(store, ['users', 'update'], update);
        return withHeld(user ?? unknownUser());
      } finally {
        directory.forgetUser(id);
      }
    },
  };
}

function unknownUser(): never {
  throw new AccountError('unknown', 'There is no such user.');
}
