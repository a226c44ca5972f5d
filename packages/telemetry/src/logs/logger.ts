import type { LogFields } from './log-fields.ts';
import type { LogLevel } from './log-level.ts';
import type { LokiCounts } from './loki/loki-counts.ts';
import type { StdoutCounts } from './stdout-sink.ts';

export interface LogCounts {
  readonly stdout: StdoutCounts;
  /** `null` where there is no Loki. */
  readonly loki: LokiCounts | null;
  /** Lines held back as repetitions; each is in the `repeated` of another line, or will be. */
  readonly held: number;
}

export interface LineOptions {
  /** Tells warnings of one message apart when repetitions are held back; `null`: this line never is. */
  readonly repeatKey?: string | null;
}

/** Writes lines. No method throws, waits for a sink, or shows a secret, whatever it is given. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  /** Repetitions within an interval are held back and told by number. */
  warn(message: string, fields?: LogFields, options?: LineOptions): void;
  error(message: string, fields?: LogFields): void;
  fatal(message: string, fields?: LogFields): void;
  /** Writes a body, for debugging: nothing at all unless the logger was told to with `debug-unsafe`. */
  logBody(message: string, body: string, fields?: LogFields): void;
  /** Whether `logBody` writes anything, for those who would have to make a body first. */
  readonly showsBodies: boolean;
  /** Whether lines of this level are written. */
  isEnabled(level: LogLevel): boolean;
  /** A logger with these fields in every line; sinks and counts are shared. */
  child(fields: LogFields): Logger;
  counts(): LogCounts;
  /** Bytes that wait for Loki. */
  queuedBytes(): number;
  /** Resolves when what was written before is delivered or dropped, or after the budget. Never rejects. */
  flush(budgetMs: number): Promise<void>;
  /** Flushes both sinks within the budget, then counts what is left as dropped. Never rejects. */
  close(budgetMs: number): Promise<void>;
}
