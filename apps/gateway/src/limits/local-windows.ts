import { type LimitUse, MINUTE_MS } from './rate-limits.ts';

interface Window {
  readonly endsAtMs: number;
  used: number;
}

/**
 * What keys and users have used in the minute that runs, in the memory of this process. A minute begins with the
 * first request after the last one. Where there is no limit nothing is counted.
 */
export class LocalWindows {
  readonly #windows = new Map<string, Window>();

  /** Counts so much more, and gives what is used then; null where there is no limit. */
  count(subject: string, limit: number | null, nowMs: number, more: number): LimitUse | null {
    if (limit === null) return null;
    const window = this.#windowOf(subject, nowMs);
    window.used += more;
    return { limit, used: window.used, resetMs: window.endsAtMs - nowMs };
  }

  /** From now on it is counted from there. */
  set(subject: string, use: LimitUse | null, nowMs: number): void {
    if (use !== null) this.#windows.set(subject, { endsAtMs: nowMs + use.resetMs, used: use.used });
  }

  /** Forgets the minutes that are over. */
  sweep(nowMs: number): void {
    for (const [subject, { endsAtMs }] of this.#windows) if (nowMs >= endsAtMs) this.#windows.delete(subject);
  }

  get size(): number {
    return this.#windows.size;
  }

  #windowOf(subject: string, nowMs: number): Window {
    const running = this.#windows.get(subject);
    if (running !== undefined && nowMs < running.endsAtMs) return running;
    const window = { endsAtMs: nowMs + MINUTE_MS, used: 0 };
    this.#windows.set(subject, window);
    return window;
  }
}
