const LF = 0x0a;
const CR = 0x0d;
const TWO_CR = Buffer.from('\r\r');
const BLANK_LINE = Buffer.from('\n\n');

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
  #rest: Buffer | null = null;

  constructor(maxEventBytes: number) {
    this.#maxEventBytes = maxEventBytes;
  }

  /** Hands each whole event to the sink; false where an event is larger than the limit. */
  push(chunk: Buffer, sink: EventSink): boolean {
    const rest = this.#rest;
    const bytes = rest === null ? chunk : Buffer.concat([rest, chunk]);
    let start = 0;
    // The two line ends of a blank line may have come in two chunks.
    let from = rest === null ? 0 : Math.max(0, rest.length - 3);
    for (;;) {
      const end = findEventEnd(bytes, start, from);
      if (end < 0) break;
      if (end - start > this.#maxEventBytes) return false;
      sink.event(bytes, start, end);
      start = end;
      from = end;
    }
    this.#rest = start === bytes.length ? null : bytes.subarray(start);
    return bytes.length - start <= this.#maxEventBytes;
  }

  /**
   * Hands over what is left when the stream has ended: an event whose blank line never came. It gets one, so that
   * nothing that follows becomes a part of it.
   */
  flush(sink: EventSink): void {
    const rest = this.#rest;
    this.#rest = null;
    if (rest === null) return;
    const event = Buffer.concat([rest, BLANK_LINE]);
    sink.event(event, 0, event.length);
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
