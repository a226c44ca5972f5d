import type { LogClock } from './line-clock.ts';
import type { LogFields } from './log-fields.ts';
import type { LogLevel } from './log-level.ts';
import type { LokiAddress } from './loki/loki-target.ts';
import type { StartThread } from './loki/pushing-thread.ts';
import type { PushTiming } from './loki/worker-messages.ts';
import type { RepeatLimits } from './repeat-limiter.ts';

export interface LokiOptions extends LokiAddress {
  /** Ids go into structured metadata, which Loki takes since 3.0; default true. */
  readonly structuredMetadata?: boolean;
  /** Lines that wait at most; default 100,000. */
  readonly maxQueuedLines?: number;
  /** Bytes that wait at most; default 24 MB. */
  readonly maxQueuedBytes?: number;
  /** A push is made when so many bytes wait; default 512 KB. */
  readonly batchBytes?: number;
  /** … or when the oldest line has waited so long; default 1,000. */
  readonly flushMs?: number;
  /** The pushing thread is replaced when it has said nothing for so long; default 150,000. */
  readonly silenceMs?: number;
  /** Default: 10 s for a push, tried again after 0.5 s, doubling up to 30 s. */
  readonly timing?: Partial<PushTiming>;
  /** For tests: what starts the pushing thread. */
  readonly startThread?: StartThread;
}

export interface LoggerOptions {
  readonly app: string;
  /** Default `development`. */
  readonly env?: string;
  /** Default the app's name. */
  readonly service?: string;
  /** Lines below it are not made; default `info`. */
  readonly level?: LogLevel | 'silent';
  /** Of standard output and Loki alike; default `json`. */
  readonly format?: 'json' | 'logfmt';
  /** Default null: standard output alone. */
  readonly loki?: LokiOptions | null;
  /** Configured keys, masked wherever they turn up. */
  readonly redact?: readonly string[];
  /** `debug-unsafe` lets `logBody` write bodies; keys are masked all the same. Default `never`. */
  readonly bodies?: 'never' | 'debug-unsafe';
  /** For warnings of one message; default 10 in 10 s. `null`: none is held back. */
  readonly repeats?: RepeatLimits | null;
  /** Fields for every line, read as it is written: the current trace, for example. */
  readonly context?: () => LogFields | null;
  /** Where lines go; default 1, standard output. */
  readonly fd?: number;
  readonly clock?: LogClock;
}
