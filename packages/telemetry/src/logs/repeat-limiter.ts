import type { LogClock } from './line-clock.ts';
import type { LogLevel } from './log-level.ts';

const MAX_KEYS = 1_000;

/** At most `limit` lines of one level, message and key in `intervalMs`; then one line with their number. */
export interface RepeatLimits {
  readonly limit: number;
  readonly intervalMs: number;
}

interface Repeats<Fields> {
  readonly level: LogLevel;
  readonly message: string;
  passed: number;
  held: number;
  lastFields: Fields | undefined;
}

/** Holds back repeated lines; what it held is told by one line at the end of the interval. */
export interface RepeatLimiter<Fields> {
  /** Whether the line passes. One that does not is counted, and its fields stand for all that were held. */
  admit(level: LogLevel, message: string, key: string, fields: Fields): boolean;
  /** Lines held so far, since the start. */
  held(): number;
  /** Tells at once what was held. */
  flush(): void;
}

/**
 * Makes a limiter. One interval is for all kinds and begins with the first line after the last one ended; kinds
 * beyond 1,000 in it pass unlimited. `tell` writes the line with the count.
 */
export function createRepeatLimiter<Fields>(
  { limit, intervalMs }: RepeatLimits,
  clock: LogClock,
  tell: (level: LogLevel, message: string, repeated: number, fields: Fields | undefined) => void,
): RepeatLimiter<Fields> {
  let kinds = new Map<string, Repeats<Fields>>();
  let timer: ReturnType<LogClock['setTimeout']> | null = null;
  let heldInAll = 0;

  function flush(): void {
    if (timer !== null) clock.clearTimeout(timer);
    timer = null;
    const ended = kinds;
    kinds = new Map();
    for (const { level, message, held, lastFields } of ended.values()) {
      if (held > 0) tell(level, message, held, lastFields);
    }
  }

  function admit(level: LogLevel, message: string, key: string, fields: Fields): boolean {
    const id = `${level} ${key} ${message}`;
    let repeats = kinds.get(id);
    if (repeats === undefined) {
      if (kinds.size >= MAX_KEYS) return true;
      repeats = { level, message, passed: 0, held: 0, lastFields: undefined };
      kinds.set(id, repeats);
      if (timer === null) {
        timer = clock.setTimeout(flush, intervalMs);
        timer.unref();
      }
    }
    if (repeats.passed < limit) {
      repeats.passed += 1;
      return true;
    }
    repeats.held += 1;
    repeats.lastFields = fields;
    heldInAll += 1;
    return false;
  }

  return { admit, held: () => heldInAll, flush };
}
