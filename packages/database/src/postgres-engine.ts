import type { PoolClient } from 'pg';
import { Pool, types } from 'pg';
import type { CallLimitOptions } from './call-limit.ts';
import { CallLimit } from './call-limit.ts';
import { isConflict, isConnectionUsable, toPostgresError } from './postgres-failure.ts';
import { readRows } from './read-rows.ts';
import type { Durability, SqlEngine, SqlRow, SqlSchema, SqlStatement, SqlValue } from './sql-engine.ts';
import { SqlError } from './sql-error.ts';

export interface PostgresEngineOptions extends CallLimitOptions {
  readonly url: string;
  readonly schema: SqlSchema;
  /** As the server shows it among its connections. */
  readonly applicationName: string;
  /** Default 5. */
  readonly maxConnections?: number;
  /** The longest wait for a connection, new or free; default 3,000 ms. */
  readonly connectTimeoutMs?: number;
  /** The longest that one statement may take; default 10,000 ms. */
  readonly statementTimeoutMs?: number;
  /** Hears that an idle connection was lost; the pool replaces it. */
  readonly onConnectionLost?: (error: Error) => void;
}

/** Any number that nothing else in the database locks. */
const MIGRATION_LOCK = 7_233_914_205;
const MAX_TRIES = 4;
/** Time for the server's own timeout to be heard before the connection is given up. */
const ANSWER_GRACE_MS = 1000;

/** 64-bit integers and sums as numbers: everything that is stored is below 2^53. */
const NUMBERS: ReadonlySet<number> = new Set([types.builtins.INT8, types.builtins.NUMERIC]);

function createPool(options: PostgresEngineOptions): Pool {
  const { statementTimeoutMs = 10_000, connectTimeoutMs = 3000, maxConnections = 5 } = options;
  const pool = new Pool({
    connectionString: options.url,
    application_name: options.applicationName,
    max: maxConnections,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + ANSWER_GRACE_MS,
    idle_in_transaction_session_timeout: statementTimeoutMs,
    keepAlive: true,
    pipeline: true,
    types: {
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        NUMBERS.has(oid) ? Number : types.getTypeParser(oid, format as 'text'),
    },
  });
  // Without a listener the loss of an idle connection would end the process.
  pool.on('error', (error) => options.onConnectionLost?.(error));
  return pool;
}

/** A statement, and what is bound each time that it is run. */
interface Step {
  readonly sql: string;
  readonly bindings: readonly SqlValue[][];
  readonly givesRows: boolean;
}

function toStep({ sql, parameters, rows }: SqlStatement): Step {
  const lists = rows === undefined ? [[]] : readRows(rows);
  const bindings = lists.map((list) => [...parameters, ...list]);
  return { sql, bindings, givesRows: rows === undefined };
}

async function runStep(client: PoolClient, { sql, bindings, givesRows }: Step): Promise<readonly SqlRow[]> {
  const runs = bindings.map((values) => client.query<Record<string, never>>(sql, values));
  const results = await Promise.all(runs);
  return givesRows ? results.flatMap(({ rows }) => rows) : [];
}

/**
 * Sends all statements at once: one way to the server and back, however many there are. The commit comes after their
 * answers: a server that hangs, and is given up, has not been told yet to keep what it does when it goes on.
 */
async function runTransaction(
  client: PoolClient,
  steps: readonly Step[],
  durability: Durability,
): Promise<readonly (readonly SqlRow[])[]> {
  const begin = client.query(durability === 'now' ? 'begin' : 'begin; set local synchronous_commit = off');
  const all = steps.map((step) => runStep(client, step));
  const ends = await Promise.allSettled([begin, ...all]);
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed === undefined) await client.query('commit');
  else if (isConnectionUsable(failed.reason)) await client.query('rollback');
  if (failed !== undefined) throw failed.reason;
  return Promise.all(all);
}

/** A single query is a transaction by itself. */
async function runSteps(
  client: PoolClient,
  steps: readonly Step[],
  durability: Durability,
): Promise<readonly (readonly SqlRow[])[]> {
  const [first] = steps;
  const isSingle = steps.length === 1 && first?.bindings.length === 1;
  return isSingle ? [await runStep(client, first)] : runTransaction(client, steps, durability);
}

async function inTransaction<Result>(client: PoolClient, work: () => Promise<Result>): Promise<Result> {
  await client.query('begin');
  try {
    const result = await work();
    await client.query('commit');
    return result;
  } catch (error) {
    if (isConnectionUsable(error)) await client.query('rollback');
    throw error;
  }
}

async function withClient<Result>(
  pool: Pool,
  work: (client: PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  // A connection that breaks while it is in use tells its query and, again, the client.
  const ignore = (): void => {};
  client.on('error', ignore);
  let isUsable = false;
  try {
    const result = await work(client);
    isUsable = true;
    return result;
  } catch (error) {
    isUsable = isConnectionUsable(error);
    throw error;
  } finally {
    client.off('error', ignore);
    client.release(!isUsable);
  }
}

async function migrate(client: PoolClient, { versionTable, migrations }: SqlSchema): Promise<void> {
  await client.query('select pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
  await client.query(`create table if not exists ${versionTable} (version integer primary key)`);
  const { rows } = await client.query<{ version: number | null }>(
    `select max(version) as version from ${versionTable}`,
  );
  const current = rows[0]?.version ?? 0;
  if (current > (migrations.at(-1)?.version ?? 0)) {
    throw new SqlError('newer_schema', `A newer release wrote the database (schema ${current})`);
  }
  for (const { version, statements } of migrations.filter((migration) => migration.version > current)) {
    for (const statement of statements) await client.query(statement);
    await client.query(`insert into ${versionTable} values ($1)`, [version]);
  }
}

/** Runs the work again where another transaction was in the way. */
async function withRetries<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (tries >= MAX_TRIES || !isConflict(error)) throw toPostgresError(error);
    }
  }
}

/** Connects to a Postgres and brings its schema up to date; replicas may do so at once. */
export async function openPostgresEngine(options: PostgresEngineOptions): Promise<SqlEngine> {
  const pool = createPool(options);
  const limit = new CallLimit(options);
  try {
    await withClient(pool, (client) => inTransaction(client, () => migrate(client, options.schema)));
  } catch (error) {
    await pool.end();
    throw toPostgresError(error);
  }
  return {
    backup: null,
    run: (statements, durability = 'now') =>
      limit.run(statements, () => {
        const steps = statements.map(toStep);
        return withRetries(() => withClient(pool, (client) => runSteps(client, steps, durability)));
      }),
    connections: () => ({
      size: pool.totalCount,
      active: pool.totalCount - pool.idleCount,
      waiting: pool.waitingCount,
      max: options.maxConnections ?? 5,
    }),
    close: async () => {
      if (await limit.close()) await pool.end();
    },
  };
}
