import type { TimeoutsConfig } from '@gatewayz/config';
import type { CollectedBody } from './collected-body.ts';
import type { Failure } from './failure.ts';

/** Response headers as undici gives them. */
export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/**
 * What some bytes of a stream brought: no whole event that counts (`waiting`), events (`open`), the last part of
 * the answer (`finishing`: usage and `[DONE]` may follow), its end (`complete`), or a failure.
 */
export type StreamProgress = 'waiting' | 'open' | 'finishing' | 'complete' | Failure;

/** Takes the bytes of a provider's event stream. */
export interface StreamReceiver {
  /** `now` by `performance.now()`. */
  push(chunk: Buffer, now: number): StreamProgress;
  /** Every choice has its finish reason, and usage is there: nothing but `[DONE]` can follow. */
  readonly isWhole: boolean;
  /** No more will come; the provider closed the stream in order, or its last part has been seen. */
  end(): StreamProgress;
}

/** How far an attempt has come, with what exists only there. */
export type AttemptState =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'plain'; readonly headers: Headers; readonly body: CollectedBody }
  | {
      readonly kind: 'refused';
      readonly status: number;
      readonly headers: Headers;
      readonly body: CollectedBody;
    }
  | { readonly kind: 'stream'; readonly receiver: StreamReceiver }
  /** Every choice has its finish reason; usage and `[DONE]` may follow. */
  | { readonly kind: 'finishing'; readonly receiver: StreamReceiver }
  /** The answer is whole; only the end of its body is to come. */
  | { readonly kind: 'draining' }
  | { readonly kind: 'ended' };

export const WAITING: AttemptState = { kind: 'waiting' };
export const DRAINING: AttemptState = { kind: 'draining' };
export const ENDED: AttemptState = { kind: 'ended' };

/** How long the end of a body may take once the answer is whole, before its connection is given up. */
const DRAIN_MS = 1000;
/** How long usage may follow the last finish reason. */
const FINISHING_MS = 1000;
/** How long `[DONE]` may follow when all else is there: it comes in the same write, or never. */
const WHOLE_MS = 50;

/** The moments that an attempt's deadlines are counted from, by `performance.now()`; 0 before there is one. */
export interface AttemptTimes {
  readonly startedAt: number;
  /** The last whole event of a stream, or read of a plain answer. */
  readonly lastReadAt: number;
  readonly endedAt: number;
}

/** When a state has lasted too long, apart from the deadline of the whole request. */
export function stateDeadlineAt(
  state: AttemptState,
  times: AttemptTimes,
  timeouts: TimeoutsConfig,
  wantsStream: boolean,
): number {
  switch (state.kind) {
    case 'waiting':
      return times.startedAt + (wantsStream ? timeouts.firstTokenMs : timeouts.answerMs);
    case 'stream':
      if (times.lastReadAt === 0) return times.startedAt + timeouts.firstTokenMs;
      return times.lastReadAt + timeouts.idleMs;
    case 'plain':
    case 'refused':
      return times.lastReadAt + timeouts.idleMs;
    case 'finishing':
      return times.lastReadAt + Math.min(state.receiver.isWhole ? WHOLE_MS : FINISHING_MS, timeouts.idleMs);
    case 'draining':
      return times.endedAt + DRAIN_MS;
    case 'ended':
      return Number.POSITIVE_INFINITY;
    default:
      return state satisfies never;
  }
}
