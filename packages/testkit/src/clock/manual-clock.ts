import type { Clock, TimerHandle } from './clock.ts';

/** A clock that stands still until it is told to move. */
export interface ManualClock extends Clock {
  /** Timers that are set and have neither fired nor been cleared. */
  readonly pendingTimers: number;
  /** Moves time by `ms`, firing due timers in order of their time, then of their start. */
  advance(ms: number): void;
  /** Like `advance`, letting promises and I/O callbacks run before the first timer and after each. */
  advanceAsync(ms: number): Promise<void>;
}

interface ManualTimer extends TimerHandle {
  readonly dueMs: number;
  readonly order: number;
  readonly run: () => void;
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function earlier(a: ManualTimer, b: ManualTimer): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}

class StandingClock implements ManualClock {
  #nowMs: number;
  #started = 0;
  readonly #timers = new Set<ManualTimer>();

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  get pendingTimers(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#nowMs;
  }

  setTimeout(run: () => void, delayMs: number): TimerHandle {
    this.#started += 1;
    const timer: ManualTimer = {
      dueMs: this.#nowMs + Math.max(0, delayMs),
      order: this.#started,
      run,
      unref: () => timer,
    };
    this.#timers.add(timer);
    return timer;
  }

  clearTimeout(handle: TimerHandle): void {
    this.#timers.delete(handle as ManualTimer);
  }

  advance(ms: number): void {
    const untilMs = this.#end(ms);
    while (this.#fireNext(untilMs)) {
      // each pass fires one timer
    }
    this.#nowMs = untilMs;
  }

  async advanceAsync(ms: number): Promise<void> {
    const untilMs = this.#end(ms);
    await settle();
    while (this.#fireNext(untilMs)) await settle();
    this.#nowMs = untilMs;
  }

  #end(ms: number): number {
    if (!(ms >= 0)) throw new RangeError(`A monotonic clock cannot advance by ${ms} ms`);
    return this.#nowMs + ms;
  }

  #fireNext(untilMs: number): boolean {
    let next: ManualTimer | null = null;
    for (const timer of this.#timers) {
      if (timer.dueMs <= untilMs && (next === null || earlier(timer, next))) next = timer;
    }
    if (next === null) return false;
    this.#timers.delete(next);
    this.#nowMs = Math.max(this.#nowMs, next.dueMs);
    next.run();
    return true;
  }
}

/** Creates a clock at `startMs` that moves only through `advance` and `advanceAsync`. */
export function createManualClock(startMs = 0): ManualClock {
  return new StandingClock(startMs);
}
