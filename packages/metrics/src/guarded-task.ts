import { MetricDefinitionError } from './metric-definition-error.ts';

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Throws `MetricDefinitionError` unless the value is a whole number of milliseconds that a timer can wait. */
export function checkDeadline(deadlineMs: number): void {
  if (!Number.isSafeInteger(deadlineMs) || deadlineMs < 1 || deadlineMs > LONGEST_TIMER_MS) {
    const expected = `deadlineMs must be a whole number from 1 to ${LONGEST_TIMER_MS}`;
    throw new MetricDefinitionError('invalid_option', expected, deadlineMs);
  }
}

/** How one run ended; `late` also where an earlier run has still not ended. */
export type TaskOutcome<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'late' };

/**
 * Foreign work with a deadline. `run` never rejects and never outlasts the deadline (milliseconds); the signal is
 * aborted then. While a run that ignored it hangs, no other is started, so that hung runs do not pile up.
 */
export class GuardedTask<T> {
  readonly #work: (signal: AbortSignal) => T | Promise<T>;
  readonly #deadlineMs: number;
  #isRunning = false;

  constructor(work: (signal: AbortSignal) => T | Promise<T>, deadlineMs: number) {
    this.#work = work;
    this.#deadlineMs = deadlineMs;
  }

  async run(): Promise<TaskOutcome<T>> {
    if (this.#isRunning) {
      return { kind: 'late' };
    }
    this.#isRunning = true;
    const controller = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<TaskOutcome<T>>((resolve) => {
      timer = setTimeout(() => {
        resolve({ kind: 'late' });
        controller.abort();
      }, this.#deadlineMs);
    });
    try {
      return await Promise.race([this.#attempt(controller.signal), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #attempt(signal: AbortSignal): Promise<TaskOutcome<T>> {
    try {
      return { kind: 'done', value: await this.#work(signal) };
    } catch (error) {
      return { kind: 'failed', error };
    } finally {
      this.#isRunning = false;
    }
  }
}
