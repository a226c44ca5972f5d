import { Worker } from 'node:worker_threads';
import type { CallLimitOptions } from './call-limit.ts';
import { CallLimit } from './call-limit.ts';
import type {
  ConnectionCounts,
  Durability,
  SqlEngine,
  SqlRow,
  SqlSchema,
  SqlStatement,
} from './sql-engine.ts';
import { SqlError } from './sql-error.ts';
import type { SqliteAnswer, SqliteFailure, SqliteRequest, SqliteWorkerData } from './sqlite-messages.ts';

export interface SqliteEngineOptions extends CallLimitOptions {
  readonly file: string;
  readonly schema: SqlSchema;
  /** Whether other processes may have the file open as well; false by default. */
  readonly isShared?: boolean;
  /** How long to wait for another process that has the file open; default 5,000 ms. */
  readonly busyTimeoutMs?: number;
}

type Rows = readonly (readonly SqlRow[])[];

const toError = ({ code, message }: SqliteFailure): SqlError => new SqlError(code, message);

/** The main thread's side: what has been asked and not yet answered. */
class SqliteWorkerEngine implements SqlEngine {
  readonly #worker: Worker;
  readonly #limit: CallLimit;
  readonly #waiting = new Map<number, PromiseWithResolvers<Rows>>();
  readonly #exited: Promise<unknown>;
  #nextId = 1;
  #death: SqlError | null = null;

  constructor(worker: Worker, exited: Promise<unknown>, limit: CallLimit) {
    this.#worker = worker;
    this.#limit = limit;
    this.#exited = exited;
    worker.on('message', (answer: SqliteAnswer) => this.#settle(answer));
    worker.on('error', (error) => this.#die(error));
    worker.on('exit', () => this.#die(undefined));
  }

  run(statements: readonly SqlStatement[], durability: Durability = 'now'): Promise<Rows> {
    return this.#limit.run(statements, () =>
      this.#post((id) => ({ kind: 'run', id, statements, durability })),
    );
  }

  readonly backup = async (file: string): Promise<void> => {
    await this.#limit.run([], () => this.#post((id) => ({ kind: 'backup', id, file })));
  };

  connections(): ConnectionCounts {
    const waiting = this.#waiting.size;
    const isOpen = this.#death === null;
    return {
      size: isOpen ? 1 : 0,
      active: isOpen && waiting > 0 ? 1 : 0,
      waiting: Math.max(0, waiting - 1),
      max: 1,
    };
  }

  async close(): Promise<void> {
    if (await this.#limit.close()) this.#worker.postMessage({ kind: 'close' } satisfies SqliteRequest);
    await this.#exited;
  }

  #post(toRequest: (id: number) => SqliteRequest): Promise<Rows> {
    if (this.#death !== null) return Promise.reject(this.#death);
    const id = this.#nextId++;
    const waiting = Promise.withResolvers<Rows>();
    this.#waiting.set(id, waiting);
    this.#worker.postMessage(toRequest(id));
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
    this.#death ??= new SqlError('unavailable', 'The database thread has ended', { cause });
    for (const waiting of this.#waiting.values()) waiting.reject(this.#death);
    this.#waiting.clear();
  }
}

function firstAnswer(worker: Worker): Promise<SqliteAnswer> {
  return new Promise((resolve, reject) => {
    const refuse = (cause: unknown): void =>
      reject(new SqlError('failed', 'The database thread did not start', { cause }));
    worker.once('message', resolve).once('error', refuse).once('exit', refuse);
  });
}

/** Opens a SQLite file in a thread of its own. Rejects with `locked`, `corrupt`, `newer_schema` or `failed`. */
export async function openSqliteEngine(options: SqliteEngineOptions): Promise<SqlEngine> {
  const { file, schema, isShared = false, busyTimeoutMs = 5000 } = options;
  const workerData: SqliteWorkerData = { file, schema, isShared, busyTimeoutMs };
  const worker = new Worker(new URL('./sqlite-worker.ts', import.meta.url), { workerData, name: 'sqlite' });
  const exited = new Promise<unknown>((resolve) => worker.once('exit', resolve));
  const first = await firstAnswer(worker);
  if (first.kind !== 'refused') return new SqliteWorkerEngine(worker, exited, new CallLimit(options));
  await exited;
  throw toError(first.failure);
}
