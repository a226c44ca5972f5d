import { type BaseFields, toJsonText } from './line-format.ts';
import type { SafeFields } from './log-fields.ts';
import type { LogLevel } from './log-level.ts';
import type { LokiOptions } from './logger-options.ts';
import { createLokiShipper, type LokiShipper } from './loki/loki-shipper.ts';
import { readLokiTarget } from './loki/loki-target.ts';
import { createStreamLabels } from './loki/stream-labels.ts';

/** What is looked for by value, too many to be labels. */
const METADATA = ['request_id', 'trace_id', 'span_id', 'model', 'user_id'] as const;
const MAX_METADATA_LENGTH = 256;
const EXIT_BUDGET_MS = 1_000;

const TIMING = { timeoutMs: 10_000, backoffMs: 500, maxBackoffMs: 30_000 };

/** Lines on their way to Loki. */
export interface LokiSink {
  readonly shipper: LokiShipper;
  write(level: LogLevel, nanoseconds: string, fields: SafeFields, line: string): void;
  close(budgetMs: number): Promise<void>;
}

function metadataOf(fields: SafeFields): string {
  let metadata = '';
  for (const name of METADATA) {
    const value = fields[name];
    if (value === undefined || value === null || value === '') continue;
    const text = String(value);
    const short =
      text.length > MAX_METADATA_LENGTH ? text.slice(0, MAX_METADATA_LENGTH).toWellFormed() : text;
    metadata += `${metadata === '' ? '{' : ','}"${name}":${toJsonText(short)}`;
  }
  return metadata === '' ? '' : `${metadata}}`;
}

/** Makes the sink; throws where the address is wrong. What a process has left as it exits gets one more second. */
export function createLokiSink(
  options: LokiOptions | null,
  base: BaseFields,
  onTrouble: (reason: string) => void,
): LokiSink | null {
  if (options === null) return null;
  const target = readLokiTarget(options);
  if (typeof target === 'string') throw new TypeError(target);
  const labels = createStreamLabels(base);
  const shipper = createLokiShipper({
    target,
    labels: labels.all,
    onTrouble,
    maxQueuedLines: options.maxQueuedLines ?? 100_000,
    maxQueuedBytes: options.maxQueuedBytes ?? 24_000_000,
    batchBytes: options.batchBytes ?? 524_288,
    flushMs: options.flushMs ?? 1_000,
    silenceMs: options.silenceMs ?? 150_000,
    timing: { ...TIMING, ...options.timing },
    ...(options.startThread === undefined ? {} : { startThread: options.startThread }),
  });
  const onExit = (): void => shipper.closeSync(EXIT_BUDGET_MS);
  process.once('exit', onExit);
  const hasMetadata = options.structuredMetadata ?? true;
  return {
    shipper,
    write(level, nanoseconds, fields, line) {
      const stream = labels.streamOf(level, fields.error_type, fields.provider);
      shipper.add(`${stream} ${nanoseconds} ${hasMetadata ? metadataOf(fields) : ''}`, line);
    },
    async close(budgetMs) {
      await shipper.close(budgetMs);
      process.removeListener('exit', onExit);
    },
  };
}
