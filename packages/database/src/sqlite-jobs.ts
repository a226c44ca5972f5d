import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { SqlRow, SqlStatement } from './sql-engine.ts';

/** How one list of statements ended. */
export type JobResult =
  | { readonly ok: true; readonly rows: readonly (readonly SqlRow[])[] }
  | { readonly ok: false; readonly error: unknown };

type Job = readonly SqlStatement[];

const KEPT_STATEMENTS = 100;

const isRead = ({ sql }: SqlStatement): boolean => sql.startsWith('select ');

/** Runs lists of statements, each as a whole or not at all, with one sync of the disk for all lists of a group. */
export class SqliteJobs {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** One result per job, in order. A write has its result only after the commit. */
  runGroup(jobs: readonly Job[]): readonly JobResult[] {
    if (jobs.every((job) => job.length === 1 && job.every(isRead))) return jobs.map((job) => this.#try(job));
    try {
      this.#database.exec('begin immediate');
      const results = jobs.map((job) => this.#runJob(job));
      this.#database.exec('commit');
      return results;
    } catch (error) {
      this.#rollBack();
      return jobs.map(() => ({ ok: false, error }));
    }
  }

  #runJob(job: Job): JobResult {
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

  #try(job: Job): JobResult {
    try {
      return { ok: true, rows: job.map((statement) => this.#run(statement)) };
    } catch (error) {
      return { ok: false, error };
    }
  }

  #run({ sql, parameters }: SqlStatement): readonly SqlRow[] {
    return this.#prepare(sql).all(...parameters) as unknown as readonly SqlRow[];
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
