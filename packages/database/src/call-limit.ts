import type { SqlStatement } from './sql-engine.ts';
import { SqlError } from './sql-error.ts';

export interface CallLimitOptions {
  /** Calls that wait or run at once; default 1,000. */
  readonly maxCalls?: number;
  /** Values bound by those calls together, of `rows` by their length; default 1,000,000. */
  readonly maxValues?: number;
}

/** What a value of `rows` takes in JSON, about. */
const CHARACTERS_PER_VALUE = 16;

/** Bounds what waits for a slow database, by calls and by the memory that they hold. */
export class CallLimit {
  readonly #maxCalls: number;
  readonly #maxValues: number;
  #calls = 0;
  #values = 0;
  #isClosed = false;
  #whenIdle: (() => void) | null = null;

  constructor({ maxCalls = 1000, maxValues = 1_000_000 }: CallLimitOptions = {}) {
    this.#maxCalls = maxCalls;
    this.#maxValues = maxValues;
  }

  /** Rejects with `queue_full` or `closed` before `work` begins. A call that is larger than the limit runs alone. */
  async run<Result>(statements: readonly SqlStatement[], work: () => Promise<Result>): Promise<Result> {
    const values = statements.reduce((sum, statement) => sum + countValues(statement), 0);
    if (this.#isClosed) throw new SqlError('closed', 'The database is closed');
    const isFull =
      this.#calls >= this.#maxCalls || (this.#calls > 0 && this.#values + values > this.#maxValues);
    if (isFull) {
      const waiting = `${this.#calls} calls with ${this.#values} values`;
      throw new SqlError('queue_full', `The database does not keep up: ${waiting} are waiting`);
    }
    this.#calls += 1;
    this.#values += values;
    try {
      return await work();
    } finally {
      this.#calls -= 1;
      this.#values -= values;
      if (this.#calls === 0) this.#whenIdle?.();
    }
  }

  /** Lets no further call in and resolves when the last one has ended; false where it was closed before. */
  async close(): Promise<boolean> {
    if (this.#isClosed) return false;
    this.#isClosed = true;
    if (this.#calls > 0) {
      await new Promise<void>((resolve) => {
        this.#whenIdle = resolve;
      });
    }
    return true;
  }
}

function countValues({ parameters, rows = '' }: SqlStatement): number {
  return parameters.length + Math.ceil(rows.length / CHARACTERS_PER_VALUE);
}
