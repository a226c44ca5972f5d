import type { LokiTarget } from './loki-target.ts';
import type { StartThread } from './pushing-thread.ts';
import type { PushTiming } from './worker-messages.ts';

export interface LokiShipperOptions {
  readonly target: LokiTarget;
  /** The label sets as JSON objects, by stream number. */
  readonly labels: () => readonly string[];
  /** Why lines are not arriving at the moment, or that they are again. */
  readonly onTrouble: (reason: string) => void;
  readonly maxQueuedLines: number;
  readonly maxQueuedBytes: number;
  /** A push is made when so many bytes wait, or the oldest has waited for `flushMs`. */
  readonly batchBytes: number;
  readonly flushMs: number;
  /** Without a word for so long, a busy thread is replaced. */
  readonly silenceMs: number;
  readonly timing: PushTiming;
  readonly startThread?: StartThread;
}
