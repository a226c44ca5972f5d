const LF = 0x0a;
const CR = 0x0d;
const TWO_CR = Buffer.from('\r\r');
const BLANK_LINE = Buffer.from('\n\n');

const NOTHING = Buffer.alloc(0);

/** Receives whole events. */
export interface EventSink {
  /** One event is [start, end) of `bytes`, its closing blank line included. */
  event(bytes: Buffer, start: number, end: number): void;
}

/**
 * Cuts the bytes of an event stream into whole events, whatever the line ends (LF, CRLF or CR) and wherever the
 * network cut them (https://html.spec.whatwg.org/multipage/server-sent-events.html). What follows the last whole
 * event is kept for the next chunk, up to a limit.
 */
export class EventSplitter {
  readonly #maxEventBytes: number;
  /** What waits for the end of its event: the first `#length` bytes, with room behind them to grow. */
  #pending: Buffer = NOTHING;
  #length = 0;

  constructor(maxEventBytes: number) {
    this.#maxEventBytes = maxEventBytes;
  }

  /** Hands each whole event to the sink; false where an event is larger than the limit. */
  push(chunk: Buffer, sink: EventSink): boolean {
    // The two line ends of a blank line may have come in two chunks.
    let from = Math.max(0, this.#length - 3);
    const bytes = this.#length === 0 ? chunk : this.#append(chunk);
    let start = 0;
    for (;;) {
      const end = findEventEnd(bytes, start, from);
      if (end < 0) break;
      if (end - start > this.#maxEventBytes) return false;
      sink.event(bytes, start, end);
      start = end;
      from = end;
    }
    if (start > 0 || this.#length === 0) this.#pending = bytes.subarray(start);
    this.#length = bytes.length - start;
    return this.#length <= this.#maxEventBytes;
  }

  /**
   * Hands over what is left when the stream has ended: an event whose blank line never came. It gets one, so that
   * nothing that follows becomes a part of it.
   */
  flush(sink: EventSink): void {
    if (this.#length === 0) return;
    const event = Buffer.concat([this.#pending.subarray(0, this.#length), BLANK_LINE]);
    this.#length = 0;
    sink.event(event, 0, event.length);
  }

  /** Adds to what waits, in a buffer that doubles: many small chunks must not be copied once for each of them. */
  #append(chunk: Buffer): Buffer {
    const length = this.#length + chunk.length;
    if (length > this.#pending.length) {
      const larger = Buffer.allocUnsafe(2 * length);
      this.#pending.copy(larger, 0, 0, this.#length);
      this.#pending = larger;
    }
    chunk.copy(this.#pending, this.#length);
    return this.#pending.subarray(0, length);
  }
}

/** The index behind the blank line of the event that begins at `start`, or -1; looked for at `from` and behind. */
function findEventEnd(bytes: Buffer, start: number, from: number): number {
  let lf = bytes.indexOf(LF, from);
  if (lf < 0) {
    const twoCr = bytes.indexOf(TWO_CR, from);
    return twoCr < 0 ? -1 : twoCr + 2;
  }
  while (lf >= 0) {
    const before = lf - (lf > start && bytes[lf - 1] === CR ? 2 : 1);
    if (before < start || bytes[before] === LF) return lf + 1;
    lf = bytes.indexOf(LF, lf + 1);
  }
  return -1;
}
