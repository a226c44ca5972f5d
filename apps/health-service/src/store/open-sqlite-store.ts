import { join } from 'node:path';
import type { CallLimitOptions } from './call-limit.ts';
import type { OnQuery } from './create-sql-store.ts';
import { createSqlStore } from './create-sql-store.ts';
import type { HealthStore } from './health-store.ts';
import { migrationsFor } from './schema.ts';
import { openSqliteEngine } from './sqlite-engine.ts';

export interface SqliteStoreOptions extends CallLimitOptions {
  /** Made where it is missing. */
  readonly dataFolder: string;
  /** How long to wait for another process that has the file open; default 5,000 ms. */
  readonly busyTimeoutMs?: number;
  readonly onQuery?: OnQuery;
}

/** The name of the database in the data folder. */
const SQLITE_FILE = 'health.sqlite';

/**
 * Opens the store of a single process: one SQLite file, readable by its owner alone, in a thread of its own.
 * Rejects with a `StoreError`: `locked` where another process has the file, `corrupt` where it is damaged.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<HealthStore> {
  const { dataFolder, onQuery, ...engineOptions } = options;
  const file = join(dataFolder, SQLITE_FILE);
  const engine = await openSqliteEngine({ ...engineOptions, file, migrations: migrationsFor('sqlite') });
  return createSqlStore(engine, 'sqlite', onQuery);
}
