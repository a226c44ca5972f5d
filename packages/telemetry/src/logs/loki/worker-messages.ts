import type { MessagePort } from 'node:worker_threads';
import type { LokiTarget } from './loki-target.ts';

/** What the pushing thread is started with. */
export interface WorkerStart {
  readonly port: MessagePort;
  readonly target: LokiTarget;
  readonly timing: PushTiming;
  /** Counts messages to the main thread, which may be waiting for the next. */
  readonly signal: SharedArrayBuffer;
}

/** Times of the pushing thread, in milliseconds. */
export interface PushTiming {
  /** For one push, from its start to the end of its answer. */
  readonly timeoutMs: number;
  /** The longest first wait before a push is tried again; it doubles up to `maxBackoffMs`. */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
}

export type ToWorker =
  | {
      readonly kind: 'push';
      readonly bytes: Uint8Array;
      /** Label sets as JSON objects, by the number in the heads of the lines. */
      readonly labels: readonly string[];
    }
  /** Whether somebody is waiting for the lines: then there is little waiting between tries. */
  | { readonly kind: 'hurry'; readonly isHurried: boolean };

export type FromWorker =
  | { readonly kind: 'done'; readonly delivered: number; readonly rejected: number; readonly reason: string }
  /** Not delivered yet, and why; it will be tried again. */
  | { readonly kind: 'trouble'; readonly reason: string };
