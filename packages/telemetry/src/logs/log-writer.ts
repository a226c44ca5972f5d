import { createLineClock, type LineTime, systemLogClock } from './line-clock.ts';
import { type BaseFields, createJsonFormat, createLogfmtFormat, type LineFormat } from './line-format.ts';
import type { SafeFields } from './log-fields.ts';
import { LEVEL_WEIGHT, type LogLevel } from './log-level.ts';
import type { LineOptions, LogCounts } from './logger.ts';
import type { LoggerOptions } from './logger-options.ts';
import { createLokiSink, type LokiSink } from './loki-sink.ts';
import { createMask, looksLikeId } from './mask-secrets.ts';
import { createRepeatLimiter, type RepeatLimiter } from './repeat-limiter.ts';
import { createFieldReader, type FieldReader } from './safe-fields.ts';
import { toSafeText } from './safe-text.ts';
import { createStdoutSink, type StdoutSink } from './stdout-sink.ts';

const DEFAULT_REPEATS = { limit: 10, intervalMs: 10_000 };
const TROUBLE_LIMITS = { limit: 1, intervalMs: 60_000 };
const TROUBLE = 'log lines do not reach Loki';
const MAX_BASE_LENGTH = 128;

/** What a line is made of before it is read: any value, however hostile. */
export interface RawLine {
  readonly level: LogLevel;
  readonly message: unknown;
  readonly fields: unknown;
  readonly options?: LineOptions | undefined;
}

/** The one place where lines are made and handed to the sinks; loggers and their children share it. */
export class LogWriter {
  readonly showsBodies: boolean;
  readonly #weight: number;
  readonly #reader: FieldReader;
  readonly #format: LineFormat;
  readonly #nextTime: () => LineTime;
  readonly #context: LoggerOptions['context'];
  readonly #stdout: StdoutSink;
  readonly #loki: LokiSink | null;
  readonly #repeats: RepeatLimiter<SafeFields> | null;
  readonly #troubles: RepeatLimiter<SafeFields>;

  constructor(options: LoggerOptions) {
    const { level = 'info', redact = [], repeats = DEFAULT_REPEATS, clock = systemLogClock } = options;
    const secrets = [...redact, ...lokiSecrets(options)];
    const mask = createMask(secrets);
    const base = readBase(options, mask);
    this.showsBodies = options.bodies === 'debug-unsafe';
    this.#weight = LEVEL_WEIGHT[level];
    this.#reader = createFieldReader({
      mask,
      showsBodies: this.showsBodies,
      passesIds: !looksLikeId(secrets),
    });
    this.#format = options.format === 'logfmt' ? createLogfmtFormat(base) : createJsonFormat(base);
    this.#nextTime = createLineClock(() => clock.now());
    this.#context = options.context;
    this.#stdout = createStdoutSink(options.fd === undefined ? {} : { fd: options.fd });
    this.#troubles = createRepeatLimiter(TROUBLE_LIMITS, clock, (_level, _message, repeated, fields) =>
      this.#writeTrouble({ ...fields, repeated }),
    );
    this.#repeats =
      repeats === null
        ? null
        : createRepeatLimiter(repeats, clock, (kind, message, repeated, fields) =>
            this.#emit(kind, message, { ...fields, repeated }),
          );
    this.#loki = createLokiSink(options.loki ?? null, base, (reason) => this.#tellTrouble(reason));
  }

  isEnabled(level: LogLevel): boolean {
    return LEVEL_WEIGHT[level] >= this.#weight;
  }

  write(bound: SafeFields | null, { level, message, fields, options }: RawLine): void {
    if (LEVEL_WEIGHT[level] < this.#weight) return;
    try {
      const text = this.#reader.message(message);
      const safe = this.#fieldsOf(bound, fields);
      if (level === 'warn' && this.#repeats !== null && options?.repeatKey !== null) {
        const key = options?.repeatKey ?? '';
        if (!this.#repeats.admit(level, text, String(key), safe)) return;
      }
      this.#emit(level, text, safe);
    } catch {
      this.#emit('error', 'a line could not be written', {});
    }
  }

  /** Fields as they will be printed, for a logger that carries them. */
  read(fields: unknown): SafeFields {
    return this.#reader.fields(fields);
  }

  counts(): LogCounts {
    return {
      stdout: this.#stdout.counts(),
      loki: this.#loki?.shipper.counts() ?? null,
      held: this.#repeats?.held() ?? 0,
    };
  }

  queuedBytes(): number {
    return this.#loki?.shipper.queuedBytes() ?? 0;
  }

  async flush(budgetMs: number): Promise<void> {
    this.#repeats?.flush();
    await Promise.all([this.#loki?.shipper.flush(budgetMs), this.#stdout.flush(budgetMs)]);
  }

  async close(budgetMs: number): Promise<void> {
    this.#repeats?.flush();
    const endMs = performance.now() + budgetMs;
    await this.#loki?.close(budgetMs);
    // After Loki, of which there may have been something to tell.
    this.#troubles.flush();
    await this.#stdout.close(Math.max(50, endMs - performance.now()));
  }

  #fieldsOf(bound: SafeFields | null, fields: unknown): SafeFields {
    const own = this.#reader.fields(fields);
    const context = this.#readContext();
    if (bound === null && context === null) return own;
    return { ...bound, ...(context === null ? {} : this.#reader.fields(context)), ...own };
  }

  #readContext(): unknown {
    try {
      return this.#context?.() ?? null;
    } catch {
      return null;
    }
  }

  #emit(level: LogLevel, message: string, fields: SafeFields): void {
    const time = this.#nextTime();
    const line = this.#format(level, time.iso, message, fields);
    this.#stdout.write(line);
    this.#loki?.write(level, time.nanoseconds, fields, line);
  }

  #tellTrouble(reason: string): void {
    const safe = this.#reader.fields({ reason });
    if (this.#troubles.admit('warn', TROUBLE, '', safe)) this.#writeTrouble(safe);
  }

  /** On standard output alone: lines about Loki are no load for a Loki in trouble. */
  #writeTrouble(fields: SafeFields): void {
    if (this.isEnabled('warn'))
      this.#stdout.write(this.#format('warn', this.#nextTime().iso, TROUBLE, fields));
  }
}

function readBase(
  { app, env = 'development', service = app }: LoggerOptions,
  mask: (text: string) => string,
): BaseFields {
  const read = (text: string): string => toSafeText(String(text), MAX_BASE_LENGTH, mask);
  return { app: read(app), env: read(env), service: read(service) };
}

function lokiSecrets({ loki }: LoggerOptions): readonly string[] {
  if (loki === null || loki === undefined) return [];
  const inUrl = URL.canParse(loki.url) ? new URL(loki.url).password : '';
  return [loki.password ?? '', inUrl].filter((secret) => secret !== '');
}
