import { Worker } from 'node:worker_threads';
import type { CallLimitOptions } from './call-limit.ts';
import { CallLimit } from './call-limit.ts';
import type { Migration, SqlEngine, SqlRow, SqlStatement } from './sql-engine.ts';
import type { SqliteAnswer, SqliteFailure, SqliteRequest, SqliteWorkerData } from './sqlite-messages.ts';
import { StoreError } from './store-error.ts';

export interface SqliteEngineOptions extends CallLimitOptions {
  readonly file: string;
  readonly migrations: readonly Migration[];
  /** How long to wait for another process that has the file open; default 5,000 ms. */
  readonly busyTimeoutMs?: number;
}

type Rows = readonly (readonly SqlRow[])[];

const toError = ({ code, message }: SqliteFailure): StoreError => new StoreError(code, message);

/** The main thread's side: what has been asked and not yet answered. */
class SqliteWorkerEngine implements SqlEngine {
  readonly #worker: Worker;
  readonly #limit: CallLimit;
  readonly #waiting = new Map<number, PromiseWithResolvers<Rows>>();
  readonly #exited: Promise<unknown>;
  #nextId = 1;
  #death: StoreError | null = null;

  constructor(worker: Worker, exited: Promise<unknown>, limit: CallLimit) {
    this.#worker = worker;
    this.#limit = limit;
    this.#exited = exited;
    worker.on('message', (answer: SqliteAnswer) => this.#settle(answer));
    worker.on('error', (error) => this.#die(error));
    worker.on('exit', () => this.#die(undefined));
  }

  run(statements: readonly SqlStatement[]): Promise<Rows> {
    return this.#limit.run(statements, () => this.#post(statements));
  }

  async close(): Promise<void> {
    if (await this.#limit.close()) this.#worker.postMessage({ kind: 'close' } satisfies SqliteRequest);
    await this.#exited;
  }

  #post(statements: readonly SqlStatement[]): Promise<Rows> {
    if (this.#death !== null) return Promise.reject(this.#death);
    const id = this.#nextId++;
    const waiting = Promise.withResolvers<Rows>();
    this.#waiting.set(id, waiting);
    this.#worker.postMessage({ kind: 'run', id, statements } satisfies SqliteRequest);
    return waiting.promise;
  }

  #settle(answer: SqliteAnswer): void {
    if (answer.kind !== 'rows' && answer.kind !== 'failed') return;
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (answer.kind === 'rows') waiting?.resolve(answer.rows);
    else waiting?.reject(toError(answer.failure));
  }

  #die(cause: unknown): void {
    this.#death ??= new StoreError('unavailable', 'The database thread has ended', { cause });
    for (const waiting of this.#waiting.values()) waiting.reject(this.#death);
    this.#waiting.clear();
  }
}

function firstAnswer(worker: Worker): Promise<SqliteAnswer> {
  return new Promise((resolve, reject) => {
    const refuse = (cause: unknown): void =>
      reject(new StoreError('failed', 'The database thread did not start', { cause }));
    worker.once('message', resolve).once('error', refuse).once('exit', refuse);
  });
}

/** Opens a SQLite file in a thread of its own. Rejects with `locked`, `corrupt`, `newer_schema` or `failed`. */
export async function openSqliteEngine(options: SqliteEngineOptions): Promise<SqlEngine> {
  const { file, migrations, busyTimeoutMs = 5000 } = options;
  const workerData: SqliteWorkerData = { file, migrations, busyTimeoutMs };
  const worker = new Worker(new URL('./sqlite-worker.ts', import.meta.url), { workerData, name: 'sqlite' });
  const exited = new Promise<unknown>((resolve) => worker.once('exit', resolve));
  const first = await firstAnswer(worker);
  if (first.kind !== 'refused') return new SqliteWorkerEngine(worker, exited, new CallLimit(options));
  await exited;
  throw toError(first.failure);
}
