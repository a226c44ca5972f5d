import type { StartTimer } from './start-timer.ts';

/** When a poll timer runs what. */
export interface PollTimerOptions {
  readonly run: () => void;
  readonly intervalMs: number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly startTimer: StartTimer;
}

/** Share of the interval by which a run may come late, so that many processes do not ask at the same moment. */
const JITTER = 0.1;

/**
 * Runs something at once and then in every interval, up to a tenth of it late. The intervals are counted from the
 * start, so that delays do not add up; those that went by unused are not made up for. Returns what ends it.
 */
export function startPollTimer({ run, intervalMs, now, random, startTimer }: PollTimerOptions): () => void {
  const originMs = now();
  let cancel = arm(1);

  function arm(interval: number): () => void {
    const dueMs = originMs + (interval + JITTER * random()) * intervalMs;
    return startTimer(
      () => {
        const current = Math.floor((now() - originMs) / intervalMs);
        cancel = arm(Math.max(interval, current) + 1);
        run();
      },
      Math.max(0, dueMs - now()),
    );
  }

  run();
  return () => cancel();
}
