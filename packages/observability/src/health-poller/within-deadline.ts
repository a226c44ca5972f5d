import { HealthPollError } from './health-poll-error.ts';
import type { StartTimer } from './start-timer.ts';

/** The bounds of one fetch. */
export interface DeadlineOptions {
  readonly timeoutMs: number;
  readonly startTimer: StartTimer;
  /** Ends the fetch before its time. */
  readonly stop: AbortSignal;
}

/**
 * Waits for a fetch, for `timeoutMs` at most and until `stop` at the latest: then the fetch's own signal is aborted
 * and this rejects at once, whether or not the fetch obeys.
 */
export function withinDeadline<T>(
  fetch: (signal: AbortSignal) => Promise<T>,
  { timeoutMs, startTimer, stop }: DeadlineOptions,
): Promise<T> {
  const controller = new AbortController();
  return new Promise<T>((resolve, reject) => {
    const end = (): void => {
      cancelTimer();
      stop.removeEventListener('abort', onStop);
    };
    const giveUp = (reason: unknown): void => {
      end();
      reject(reason);
      controller.abort();
    };
    const onStop = (): void => giveUp(stop.reason);
    const cancelTimer = startTimer(() => {
      giveUp(new HealthPollError('timeout', `no whole answer within ${timeoutMs} ms`));
    }, timeoutMs);
    stop.addEventListener('abort', onStop);
    startFetch(fetch, controller.signal).then(resolve, reject).finally(end);
  });
}

/** A fetch that throws outright is one that rejects. */
async function startFetch<T>(fetch: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
  return await fetch(signal);
}
