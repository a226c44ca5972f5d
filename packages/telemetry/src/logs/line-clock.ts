/** Wall-clock time and timers as a dependency: `now` in milliseconds since 1970. */
export interface LogClock {
  now(): number;
  setTimeout(run: () => void, delayMs: number): { unref(): unknown };
  clearTimeout(handle: { unref(): unknown }): void;
}

/** The process's own clock. */
export const systemLogClock: LogClock = {
  now: () => Date.now(),
  setTimeout: (run, delayMs) => setTimeout(run, delayMs),
  clearTimeout: (handle) => clearTimeout(handle as NodeJS.Timeout),
};

/** The time of one line. */
export interface LineTime {
  readonly iso: string;
  /** Nanoseconds since 1970, in decimal digits. */
  readonly nanoseconds: string;
}

const PER_MS = 1_000;

/**
 * Gives each line a time later than all before it, also where the clock stands still or steps back: Loki takes two
 * entries of one stream with the same time and text for one. The last three digits tell processes apart.
 */
export function createLineClock(
  now: () => number,
  salt: number = Math.floor(Math.random() * 1_000),
): () => LineTime {
  const tail = String(salt % 1_000).padStart(3, '0');
  let lastMs = 0;
  let sequence = 0;
  let iso = '';
  return () => {
    const nowMs = Math.floor(now());
    sequence += 1;
    if (nowMs > lastMs || sequence >= PER_MS) {
      lastMs = Math.max(nowMs, lastMs + 1);
      sequence = 0;
      iso = new Date(lastMs).toISOString();
    }
    return { iso, nanoseconds: `${lastMs}${String(sequence).padStart(3, '0')}${tail}` };
  };
}
