import type { LogFields, SafeFields } from './log-fields.ts';
import type { LogLevel } from './log-level.ts';
import { LogWriter } from './log-writer.ts';
import type { LineOptions, LogCounts, Logger } from './logger.ts';
import type { LoggerOptions } from './logger-options.ts';

class BoundLogger implements Logger {
  readonly #writer: LogWriter;
  readonly #bound: SafeFields | null;

  constructor(writer: LogWriter, bound: SafeFields | null) {
    this.#writer = writer;
    this.#bound = bound;
  }

  debug(message: string, fields?: LogFields): void {
    this.#writer.write(this.#bound, { level: 'debug', message, fields });
  }

  info(message: string, fields?: LogFields): void {
    this.#writer.write(this.#bound, { level: 'info', message, fields });
  }

  warn(message: string, fields?: LogFields, options?: LineOptions): void {
    this.#writer.write(this.#bound, { level: 'warn', message, fields, options });
  }

  error(message: string, fields?: LogFields): void {
    this.#writer.write(this.#bound, { level: 'error', message, fields });
  }

  fatal(message: string, fields?: LogFields): void {
    this.#writer.write(this.#bound, { level: 'fatal', message, fields });
  }

  logBody(message: string, body: string, fields?: LogFields): void {
    if (!this.#writer.showsBodies) return;
    this.#writer.write(this.#bound, { level: 'info', message, fields: { ...fields, body } });
  }

  get showsBodies(): boolean {
    return this.#writer.showsBodies;
  }

  isEnabled(level: LogLevel): boolean {
    return this.#writer.isEnabled(level);
  }

  child(fields: LogFields): Logger {
    return new BoundLogger(this.#writer, { ...this.#bound, ...this.#writer.read(fields) });
  }

  counts(): LogCounts {
    return this.#writer.counts();
  }

  queuedBytes(): number {
    return this.#writer.queuedBytes();
  }

  flush(budgetMs: number): Promise<void> {
    return this.#writer.flush(budgetMs);
  }

  close(budgetMs: number): Promise<void> {
    return this.#writer.close(budgetMs);
  }
}

/**
 * Makes a logger: JSON lines (or logfmt) on standard output, and to Loki where an address is given.
 *
 * @throws TypeError where Loki's address cannot be read.
 */
export function createLogger(options: LoggerOptions): Logger {
  const writer = new LogWriter(options);
  const logger = new BoundLogger(writer, null);
  if (writer.showsBodies) {
    logger.warn(
      'REQUEST AND RESPONSE BODIES ARE BEING LOGGED: prompts and answers of users are in these lines',
      { switch: 'debug-unsafe' },
      { repeatKey: null },
    );
  }
  return logger;
}
