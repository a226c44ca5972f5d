import { LineBytes } from '../line-bytes.ts';

/** Some lines, encoded: a head and a text by turns, each on a line of its own. */
interface Frame {
  readonly bytes: Buffer;
  readonly lines: number;
}

/** Frames on their way, in one buffer of their own. */
export interface Batch {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly lines: number;
}

export interface QueueLimits {
  readonly maxLines: number;
  /** Bytes as encoded, outside of the heap. */
  readonly maxBytes: number;
}

const FRAME_LENGTH = 65_536;

/**
 * The lines that wait, first in, first out, bounded; the ones on their way stay until they are settled, so that what
 * a broken thread had can be sent again. They are in buffers, outside of the heap.
 */
export class LineQueue {
  readonly #limits: QueueLimits;
  #frames: Frame[] = [];
  readonly #open = new LineBytes();
  #sealedLines = 0;
  #sealedBytes = 0;
  #onTheWay = 0;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  get lines(): number {
    return this.#sealedLines + this.#open.lines / 2;
  }

  get bytes(): number {
    return this.#sealedBytes + this.#open.length;
  }

  /** Takes a line, or says that there is no room. */
  add(head: string, line: string): boolean {
    const length = head.length + line.length + 2;
    if (this.lines >= this.#limits.maxLines || this.bytes + length > this.#limits.maxBytes) return false;
    this.#open.add(head);
    this.#open.add(line);
    if (this.#open.length >= FRAME_LENGTH) this.#seal();
    return true;
  }

  /** The oldest lines, up to about so many bytes; they stay in the queue until `settle`. */
  take(maxBytes: number): Batch | null {
    this.#seal();
    let length = 0;
    let lines = 0;
    let count = 0;
    for (const frame of this.#frames) {
      if (count > 0 && length + frame.bytes.length > maxBytes) break;
      length += frame.bytes.length;
      lines += frame.lines;
      count += 1;
    }
    if (count === 0) return null;
    this.#onTheWay = count;
    const bytes = new Uint8Array(new ArrayBuffer(length));
    let at = 0;
    for (const frame of this.#frames.slice(0, count)) {
      bytes.set(frame.bytes, at);
      at += frame.bytes.length;
    }
    return { bytes, lines };
  }

  /** The lines last taken have come to their end. */
  settle(): void {
    for (const frame of this.#frames.splice(0, this.#onTheWay)) {
      this.#sealedLines -= frame.lines;
      this.#sealedBytes -= frame.bytes.length;
    }
    this.#onTheWay = 0;
  }

  /** Empties the queue and says how many lines there were. */
  clear(): number {
    const { lines } = this;
    this.#frames = [];
    this.#open.clear();
    this.#sealedLines = 0;
    this.#sealedBytes = 0;
    this.#onTheWay = 0;
    return lines;
  }

  #seal(): void {
    if (this.#open.lines === 0) return;
    // A head and a line by turns.
    const lines = this.#open.lines / 2;
    const bytes = this.#open.take();
    this.#frames.push({ bytes, lines });
    this.#sealedLines += lines;
    this.#sealedBytes += bytes.length;
  }
}
