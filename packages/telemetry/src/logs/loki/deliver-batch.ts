import { type Entry, toPushJson } from './push-entries.ts';
import type { Push, PushResult } from './push-request.ts';

/** What became of a batch's lines: all are one or the other. */
export interface Delivery {
  readonly delivered: number;
  readonly rejected: number;
  /** Why some were rejected; empty where none were. */
  readonly reason: string;
}

export interface DeliveryOptions {
  readonly push: Push;
  readonly compress: (json: Buffer) => Uint8Array;
  /** Waits before the next try; `failures` in a row so far. */
  readonly wait: (failures: number, retryAfter: string) => Promise<void>;
  /** A try failed and will be made again. */
  readonly onTrouble: (reason: string) => void;
}

/** Pushes that one batch may cost while the bad lines in it are looked for. */
const MAX_SPLIT_PUSHES = 64;

function isTemporary(status: number): boolean {
  return status === 429 || status === 408 || status >= 500;
}

/** Loki takes the good entries of a batch and answers 400 all the same; 413 says that the batch is too large. */
function mayBePartial(status: number): boolean {
  return status === 400 || status === 413;
}

function describe(result: PushResult): string {
  if (result.kind === 'failure') return result.reason;
  const text = result.text.trim().slice(0, 300);
  return text === '' ? `status ${result.status}` : `status ${result.status}: ${text}`;
}

async function pushUntilAnswered(
  body: Uint8Array,
  options: DeliveryOptions,
): Promise<Extract<PushResult, { readonly kind: 'answer' }>> {
  for (let failures = 1; ; failures += 1) {
    const result = await options.push(body);
    if (result.kind === 'answer' && !isTemporary(result.status)) return result;
    options.onTrouble(describe(result));
    await options.wait(failures, result.kind === 'answer' ? result.retryAfter : '');
  }
}

/**
 * Pushes entries until each is delivered or rejected. Where Loki rejects a batch it does not say which entries it
 * took, so the batch is halved until that is known: what is sent twice has the same time and text, which Loki takes
 * for one. Lines that are not told apart within 64 pushes count as rejected.
 */
export async function deliverBatch(
  entries: readonly Entry[],
  labels: readonly string[],
  options: DeliveryOptions,
): Promise<Delivery> {
  const open: (readonly Entry[])[] = [entries];
  let delivered = 0;
  let rejected = 0;
  let reason = '';
  for (let pushes = 1; open.length > 0; pushes += 1) {
    const part = open.shift() as readonly Entry[];
    const answer = await pushUntilAnswered(options.compress(toPushJson(part, labels)), options);
    if (answer.status >= 200 && answer.status < 300) {
      delivered += part.length;
      continue;
    }
    reason ||= describe(answer);
    if (mayBePartial(answer.status) && part.length > 1 && pushes + open.length + 2 <= MAX_SPLIT_PUSHES) {
      const middle = part.length >> 1;
      open.unshift(part.slice(0, middle), part.slice(middle));
    } else rejected += part.length;
  }
  return { delivered, rejected, reason };
}
