import type { CallLimitOptions } from './call-limit.ts';
import type { SqlDialect } from './create-builder.ts';
import type {
  ConnectionCounts,
  Durability,
  SqlEngine,
  SqlRow,
  SqlSchema,
  SqlStatement,
} from './sql-engine.ts';
import { SqlError, type SqlErrorCode } from './sql-error.ts';

/** What was done to which table, in the words of metrics. */
export interface QueryLabel {
  readonly table: string;
  readonly operation: string;
}

/** A call of the database that has ended; `seconds` has the wait in the queue in it. */
export interface QueryEvent extends QueryLabel {
  readonly seconds: number;
  /** Null where it went well. */
  readonly error: SqlErrorCode | null;
}

export interface DatabaseOptions extends CallLimitOptions {
  /** A Postgres; without it the SQLite file is opened. */
  readonly url: string | null;
  readonly file: string;
  readonly schemas: Readonly<Record<SqlDialect, SqlSchema>>;
  /** As the server shows it among its connections. */
  readonly applicationName: string;
  /** How long to wait for another process that has the file open; default 5,000 ms. */
  readonly busyTimeoutMs?: number;
  /** Whether other processes may have the SQLite file open as well; false by default. */
  readonly isShared?: boolean;
  /** Connections to Postgres; default 5. */
  readonly maxConnections?: number;
  readonly connectTimeoutMs?: number;
  readonly statementTimeoutMs?: number;
  /** Hears of every call; what it throws is ignored. */
  readonly onQuery?: (event: QueryEvent) => void;
  /** Hears that an idle connection to Postgres was lost; the pool replaces it. */
  readonly onConnectionLost?: (error: Error) => void;
}

/** A database of one of the dialects, every call of it timed. */
export interface Database extends AsyncDisposable {
  readonly dialect: SqlDialect;
  /** The SQLite file; null for Postgres. */
  readonly file: string | null;
  /**
   * Runs what `write` gives as one transaction and gives the rows of each statement. Rejects with a `SqlError`; then
   * none has had an effect, but for the codes `timeout` and `unavailable`, where that is not known. It is durable when
   * this resolves, unless said otherwise.
   */
  run(
    label: QueryLabel,
    write: () => readonly SqlStatement[],
    durability?: Durability,
  ): Promise<readonly (readonly SqlRow[])[]>;
  /**
   * Copies all of it into a new file while it is in use, with what has been committed by then; null for Postgres,
   * which has `pg_dump`. Rejects with a `SqlError`; then there is no file.
   */
  readonly backup: ((file: string) => Promise<void>) | null;
  connections(): ConnectionCounts;
  close(): Promise<void>;
}

/** Opens Postgres where its URL is given, else the SQLite file, and brings the schema up to date. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { url, file, schemas, onQuery = () => {}, ...rest } = options;
  // Each is loaded where it is used alone: a driver that stands idle is 10 to 20 MB.
  if (url === null) {
    const { openSqliteEngine } = await import('./sqlite-engine.ts');
    return toDatabase(await openSqliteEngine({ ...rest, file, schema: schemas.sqlite }), file, onQuery);
  }
  const { openPostgresEngine } = await import('./postgres-engine.ts');
  return toDatabase(await openPostgresEngine({ ...rest, url, schema: schemas.postgres }), null, onQuery);
}

function toDatabase(engine: SqlEngine, file: string | null, onQuery: (event: QueryEvent) => void): Database {
  const close = (): Promise<void> => engine.close();
  return {
    dialect: file === null ? 'postgres' : 'sqlite',
    file,
    backup: engine.backup,
    async run({ table, operation }, write, durability = 'now') {
      const startMs = performance.now();
      let error: SqlErrorCode | null = null;
      try {
        return await engine.run(write(), durability);
      } catch (cause) {
        error = cause instanceof SqlError ? cause.code : 'failed';
        throw cause;
      } finally {
        notify(onQuery, { table, operation, seconds: (performance.now() - startMs) / 1000, error });
      }
    },
    connections: () => engine.connections(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function notify(onQuery: (event: QueryEvent) => void, event: QueryEvent): void {
  try {
    onQuery(event);
  } catch {
    // A listener's fault is not the query's.
  }
}
