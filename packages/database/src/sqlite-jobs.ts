import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { countParameters } from './count-parameters.ts';
import { readRows } from './read-rows.ts';
import type { Durability, SqlRow, SqlStatement } from './sql-engine.ts';
import { SqlError } from './sql-error.ts';

/** A list of statements, and when it has to be on the disk. */
export interface SqliteJob {
  readonly statements: readonly SqlStatement[];
  readonly durability: Durability;
}

/** How one list of statements ended. */
export type JobResult =
  | { readonly ok: true; readonly rows: readonly (readonly SqlRow[])[] }
  | { readonly ok: false; readonly error: unknown };

const KEPT_STATEMENTS = 100;

const isRead = ({ sql }: SqlStatement): boolean => sql.startsWith('select ');

/** Runs lists of statements, each as a whole or not at all, with one sync of the disk for all lists of a group. */
export class SqliteJobs {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();
  readonly #parameterCounts = new WeakMap<StatementSync, number>();
  #syncs: Durability = 'now';

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** One result per job, in order. A write has its result only after the commit. */
  runGroup(jobs: readonly SqliteJob[]): readonly JobResult[] {
    if (jobs.every(({ statements }) => statements.length === 1 && statements.every(isRead)))
      return jobs.map((job) => this.#try(job));
    try {
      this.#syncAt(jobs.some(({ durability }) => durability === 'now') ? 'now' : 'soon');
      this.#database.exec('begin immediate');
      const results = jobs.map((job) => this.#runJob(job));
      this.#database.exec('commit');
      return results;
    } catch (error) {
      this.#rollBack();
      return jobs.map(() => ({ ok: false, error }));
    }
  }

  /** What was written without a sync goes to the disk with the next one: the log is one file, written in order. */
  #syncAt(durability: Durability): void {
    if (durability === this.#syncs) return;
    this.#database.exec(`pragma synchronous = ${durability === 'now' ? 'full' : 'normal'}`);
    this.#syncs = durability;
  }

  #runJob(job: SqliteJob): JobResult {
    this.#database.exec('savepoint job');
    const result = this.#try(job);
    if (!result.ok) {
      // On a full disk and the like SQLite itself undoes the whole transaction, and the group with it.
      if (!this.#database.isTransaction) throw result.error;
      this.#database.exec('rollback to job');
    }
    this.#database.exec('release job');
    return result;
  }

  #try({ statements }: SqliteJob): JobResult {
    try {
      return { ok: true, rows: statements.map((statement) => this.#run(statement)) };
    } catch (error) {
      return { ok: false, error };
    }
  }

  #run({ sql, parameters, rows }: SqlStatement): readonly SqlRow[] {
    const statement = this.#prepare(sql);
    if (rows === undefined) return statement.all(...parameters) as unknown as readonly SqlRow[];
    const places = this.#countParameters(sql, statement);
    for (const row of readRows(rows)) {
      const given = parameters.length + row.length;
      if (given !== places) throw new SqlError('invalid', `${given} values for ${places} places: ${sql}`);
      statement.run(...parameters, ...row);
    }
    return [];
  }

  #countParameters(sql: string, statement: StatementSync): number {
    const count = this.#parameterCounts.get(statement) ?? countParameters(this.#database, sql);
    this.#parameterCounts.set(statement, count);
    return count;
  }

  #prepare(sql: string): StatementSync {
    const kept = this.#prepared.get(sql);
    if (kept !== undefined) return kept;
    const [oldest] = this.#prepared.keys();
    if (oldest !== undefined && this.#prepared.size >= KEPT_STATEMENTS) this.#prepared.delete(oldest);
    const statement = this.#database.prepare(sql);
    this.#prepared.set(sql, statement);
    return statement;
  }

  #rollBack(): void {
    if (!this.#database.isTransaction) return;
    try {
      this.#database.exec('rollback');
    } catch {
      // The caller hears of the error that led here.
    }
  }
}
