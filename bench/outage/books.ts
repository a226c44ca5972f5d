/** What is measured: lines on their way to Loki, or spans on theirs to a collector. */
export type SignalKind = 'lines' | 'spans';

/** Where a gateway says that its lines or spans are. */
export interface Books {
  /** Answered requests for a chat completion. */
  readonly requests: number;
  readonly delivered: number;
  /** Dropped because there was no room. */
  readonly full: number;
  /** Dropped for any other reason. */
  readonly lost: number;
  /** Always 0 for spans: no metric tells of them. */
  readonly queued: number;
}

/** What each request makes: one line, or the spans of server, inference and attempt. */
const PER_REQUEST: Readonly<Record<SignalKind, number>> = { lines: 1, spans: 3 };

/** All that a gateway has made, as it counts it. */
function madeOf({ delivered, full, lost, queued }: Books): number {
  return delivered + full + lost + queued;
}

/** What is missing (negative) or too much in the books since `before`: 0 where every line or span is accounted for. */
export function imbalanceOf(kind: SignalKind, before: Books, after: Books): number {
  const made = madeOf(after) - madeOf(before);
  return made - (after.requests - before.requests) * PER_REQUEST[kind];
}
