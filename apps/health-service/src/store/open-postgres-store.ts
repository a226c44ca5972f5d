import type { OnQuery } from './create-sql-store.ts';
import { createSqlStore } from './create-sql-store.ts';
import type { HealthStore } from './health-store.ts';
import type { PostgresEngineOptions } from './postgres-engine.ts';
import { openPostgresEngine } from './postgres-engine.ts';
import { migrationsFor } from './schema.ts';

export interface PostgresStoreOptions extends Omit<PostgresEngineOptions, 'migrations'> {
  readonly onQuery?: OnQuery;
}

/** Opens the store that several processes share. Rejects with a `StoreError` where the database does not answer. */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<HealthStore> {
  const { onQuery, ...engineOptions } = options;
  const engine = await openPostgresEngine({ ...engineOptions, migrations: migrationsFor('postgres') });
  return createSqlStore(engine, 'postgres', onQuery);
}
