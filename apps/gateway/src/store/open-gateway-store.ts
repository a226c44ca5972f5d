import { join } from 'node:path';
import { type Database, type DatabaseOptions, openDatabase } from '@gatewayz/database';
import { schemaFor } from './schema.ts';

/** Where the gateway's accounts and ledger are kept. */
export interface GatewayStoreOptions
  extends Pick<
    DatabaseOptions,
    'onQuery' | 'onConnectionLost' | 'isShared' | 'maxConnections' | 'maxCalls' | 'statementTimeoutMs'
  > {
  /** A Postgres; without it a SQLite file in the data folder is opened. */
  readonly url: string | null;
  readonly dataFolder: string;
}

/** The name of the database in the data folder. */
const SQLITE_FILE = 'gateway.sqlite';

/** Opens the database of accounts and ledger with its schema up to date. Rejects with a `SqlError`. */
export function openGatewayStore({ dataFolder, ...options }: GatewayStoreOptions): Promise<Database> {
  return openDatabase({
    ...options,
    file: join(dataFolder, SQLITE_FILE),
    schemas: { sqlite: schemaFor('sqlite'), postgres: schemaFor('postgres') },
    applicationName: 'gatewayz-gateway',
  });
}
