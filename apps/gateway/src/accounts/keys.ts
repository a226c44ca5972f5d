import { sql } from 'kysely';
import type { Ledger } from '../ledger/ledger.ts';
import type { KeyColumns } from '../store/tables.ts';
import { AccountError } from './account-error.ts';
import { type AccountStore, createId, type Page, type PageQuery, runQuery, toPage } from './account-store.ts';
import type { KeyDirectory } from './key-directory.ts';
import { createKeyToken } from './key-token.ts';
import type { Users } from './users.ts';

/** A key as it may be shown: all but its hash. */
export type KeyView = Omit<KeyColumns, 'hash'>;

/** What a key may be used for; null: no limit, absent: as it is. */
export interface KeyLimits {
  readonly expiresAtMs?: number | null | undefined;
  readonly models?: readonly string[] | null | undefined;
  readonly providers?: readonly string[] | null | undefined;
  readonly requestsPerMinute?: number | null | undefined;
  readonly tokensPerMinute?: number | null | undefined;
  readonly concurrency?: number | null | undefined;
  readonly budgetMicro?: number | null | undefined;
}

export interface NewKeyRequest extends KeyLimits {
  readonly userId: string;
  readonly name: string;
}

export type KeyStatus = 'active' | 'expired' | 'revoked';

export interface KeyQuery extends PageQuery {
  readonly userId?: string | undefined;
  readonly status?: KeyStatus | undefined;
}

/** The keys of the database. Rejects with `AccountError` and `SqlError`. */
export interface Keys {
  /** The token is in this answer and nowhere else. */
  create(request: NewKeyRequest): Promise<{ readonly key: KeyView; readonly token: string }>;
  get(id: string): Promise<KeyView>;
  list(query: KeyQuery): Promise<Page<KeyView>>;
  change(id: string, change: KeyLimits & { readonly name?: string | undefined }): Promise<KeyView>;
  /** A second time it does nothing. */
  revoke(id: string): Promise<KeyView>;
}

export interface KeysParts {
  readonly store: AccountStore;
  readonly users: Users;
  readonly directory: Pick<KeyDirectory, 'forgetKey'>;
  readonly pepper: Buffer;
  readonly held: Ledger['held'];
}

const SHOWN = [
  'id',
  'user_id',
  'name',
  'prefix',
  'last_four',
  'created_at_ms',
  'expires_at_ms',
  'revoked_at_ms',
  'models',
  'providers',
  'requests_per_minute',
  'tokens_per_minute',
  'concurrency',
  'budget_micro',
  'charged_micro',
  'reserved_micro',
] as const satisfies readonly (keyof KeyView)[];

export function createKeys({ store, users, directory, pepper, held }: KeysParts): Keys {
  const { db, epochNow } = store;
  const withHeld = (key: KeyView): KeyView => ({
    ...key,
    reserved_micro: key.reserved_micro + held.ofKey(key.id),
  });

  async function update(id: string, change: Partial<KeyColumns> | RevokedAt): Promise<KeyView> {
    const query = db.updateTable('api_keys').set(change).where('id', '=', id).returning(SHOWN);
    try {
      const [key] = await runQuery(store, ['api_keys', 'update'], query);
      return withHeld(key ?? unknownKey());
    } finally {
      directory.forgetKey(id);
    }
  }

  return {
    async create({ userId, name, ...limits }) {
      const user = await users.get(userId);
      if (user.disabled_at_ms !== null) throw new AccountError('conflict', 'The user is disabled.');
      const nowMs = epochNow();
      const { token, hash, prefix, lastFour } = createKeyToken(pepper);
      const key: KeyColumns = {
        ...UNLIMITED,
        ...toColumns(limits),
        id: createId('key', nowMs),
        user_id: userId,
        name,
        hash,
        prefix,
        last_four: lastFour,
        created_at_ms: nowMs,
      };
      const insert = db.insertInto('api_keys').values(key);
      const [created] = await runQuery(store, ['api_keys', 'insert'], insert.returning(SHOWN));
      return { key: created ?? unknownKey(), token };
    },
    async get(id) {
      const query = db.selectFrom('api_keys').select(SHOWN).where('id', '=', id);
      const [key] = await runQuery(store, ['api_keys', 'select'], query);
      return withHeld(key ?? unknownKey());
    },
    async list(query) {
      const keys = await runQuery(store, ['api_keys', 'select'], listQuery(store, query));
      return toPage(keys.map(withHeld), query);
    },
    change: (id, { name, ...limits }) =>
      update(id, { ...toColumns(limits), ...(name === undefined ? {} : { name }) }),
    revoke: (id) => update(id, { revoked_at_ms: sql`coalesce(revoked_at_ms, ${epochNow()})` }),
  };
}

/** Whether a key may be used now, its user aside. */
export function toKeyStatus(key: KeyView, nowMs: number): KeyStatus {
  if (key.revoked_at_ms !== null) return 'revoked';
  return key.expires_at_ms !== null && key.expires_at_ms <= nowMs ? 'expired' : 'active';
}

interface RevokedAt {
  readonly revoked_at_ms: ReturnType<typeof sql<number>>;
}

const UNLIMITED = {
  expires_at_ms: null,
  revoked_at_ms: null,
  models: null,
  providers: null,
  requests_per_minute: null,
  tokens_per_minute: null,
  concurrency: null,
  budget_micro: null,
  charged_micro: 0,
  reserved_micro: 0,
} as const;

function toColumns(limits: KeyLimits): Partial<KeyColumns> {
  const columns = {
    expires_at_ms: limits.expiresAtMs,
    models: toJson(limits.models),
    providers: toJson(limits.providers),
    requests_per_minute: limits.requestsPerMinute,
    tokens_per_minute: limits.tokensPerMinute,
    concurrency: limits.concurrency,
    budget_micro: limits.budgetMicro,
  };
  return Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined));
}

function toJson(names: readonly string[] | null | undefined): string | null | undefined {
  return names === null || names === undefined ? names : JSON.stringify(names);
}

function listQuery({ db, epochNow }: AccountStore, { userId, status, after = '', limit }: KeyQuery) {
  const nowMs = epochNow();
  let query = db.selectFrom('api_keys').select(SHOWN).where('id', '>', after);
  if (userId !== undefined) query = query.where('user_id', '=', userId);
  if (status === 'revoked') query = query.where('revoked_at_ms', 'is not', null);
  if (status === 'expired')
    query = query.where('revoked_at_ms', 'is', null).where('expires_at_ms', '<=', nowMs);
  if (status === 'active') {
    query = query
      .where('revoked_at_ms', 'is', null)
      .where((on) => on.or([on('expires_at_ms', 'is', null), on('expires_at_ms', '>', nowMs)]));
  }
  return query.orderBy('id').limit(limit + 1);
}

function unknownKey(): never {
  throw new AccountError('unknown', 'There is no such key.');
}
