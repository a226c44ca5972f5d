import { join } from 'node:path';
import { type DatabaseOptions, openDatabase } from '@gatewayz/database';
import { createHealthStore } from './create-health-store.ts';
import type { HealthStore } from './health-store.ts';
import { schemaFor } from './schema.ts';

/** Where samples and incidents are kept. */
export interface HealthStoreOptions extends Pick<DatabaseOptions, 'onQuery' | 'onConnectionLost'> {
  /** A Postgres, which several processes share; without it the SQLite file of a single process is opened. */
  readonly url: string | null;
  /** Made where it is missing. */
  readonly dataFolder: string;
}

/** The name of the database in the data folder. */
const SQLITE_FILE = 'health.sqlite';

/**
 * Opens the store with its schema up to date. Rejects with a `SqlError`: `locked` where another process has the
 * file, `corrupt` where it is damaged, `unavailable` where the Postgres does not answer.
 */
export async function openHealthStore({ dataFolder, ...options }: HealthStoreOptions): Promise<HealthStore> {
  const database = await openDatabase({
    ...options,
    file: join(dataFolder, SQLITE_FILE),
    schemas: { sqlite: schemaFor('sqlite'), postgres: schemaFor('postgres') },
    applicationName: 'gatewayz-health-service',
  });
  return createHealthStore(database);
}
