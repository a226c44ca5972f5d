import type { Frame } from './answer-events.ts';
import type { OpenAttempt } from './attempt.ts';
import type { Exchange } from './exchange.ts';
import type { Chunking } from './script.ts';

export interface BodyWriterOptions {
  readonly chunking: Chunking;
  readonly isChunked: boolean;
  readonly intervalMs: number;
  /** Sent in one write with the first body bytes. */
  readonly head: Buffer;
  readonly keepsText: boolean;
}

interface QueuedEnd {
  readonly offset: number;
  readonly frame: Frame;
}

const TERMINATOR = Buffer.from('0\r\n\r\n');
const CRLF = Buffer.from('\r\n');

function toChunk(bytes: Buffer): readonly Buffer[] {
  return [Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, CRLF];
}

/** Cuts body bytes into writes, frames them, keeps to the client's pace, and notes in the attempt what went out. */
export class BodyWriter {
  readonly #exchange: Exchange;
  readonly #attempt: OpenAttempt;
  readonly #options: BodyWriterOptions;
  readonly #sliceBytes: number;
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  #acceptedBytes = 0;
  #emittedBytes = 0;
  #ends: QueuedEnd[] = [];
  #head: Buffer | null;
  #hasEmitted = false;

  constructor(exchange: Exchange, attempt: OpenAttempt, options: BodyWriterOptions) {
    this.#exchange = exchange;
    this.#attempt = attempt;
    this.#options = options;
    this.#head = options.head;
    const { chunking } = options;
    this.#sliceBytes =
      typeof chunking === 'object' ? Math.max(1, chunking.sliceBytes) : Number.POSITIVE_INFINITY;
  }

  /** Body bytes given so far. */
  get bytes(): number {
    return this.#acceptedBytes;
  }

  /** Takes a frame, or only its first `limit` bytes, which then does not count as an event. */
  async add(frame: Frame, limit: number = frame.bytes.length): Promise<void> {
    const bytes = limit < frame.bytes.length ? frame.bytes.subarray(0, limit) : frame.bytes;
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
    this.#acceptedBytes += bytes.length;
    if (bytes === frame.bytes) this.#ends.push({ offset: this.#acceptedBytes, frame });
    if (this.#options.chunking === 'perEvent') await this.#emit(this.#take(this.#queuedBytes));
    while (this.#queuedBytes >= this.#sliceBytes) await this.#emit(this.#take(this.#sliceBytes));
  }

  /** Sends what is queued, and the head if nothing else has taken it along. */
  async flush(): Promise<void> {
    if (this.#queuedBytes > 0) await this.#emit(this.#take(this.#queuedBytes));
    if (this.#head !== null) await this.#write([]);
  }

  /** Sends what is queued and the end of the body. */
  async finish(): Promise<void> {
    const { isChunked } = this.#options;
    if (this.#options.chunking === 'allAtOnce' && this.#queuedBytes > 0) {
      const body = this.#take(this.#queuedBytes);
      await this.#write(isChunked ? [...toChunk(body), TERMINATOR] : [body]);
      this.#note(body.length);
      return;
    }
    await this.flush();
    if (isChunked) await this.#write([TERMINATOR]);
  }

  /** Writes bytes past all framing. */
  async raw(bytes: Buffer): Promise<void> {
    await this.flush();
    await this.#write([bytes]);
  }

  #take(count: number): Buffer {
    const first = this.#queue[0];
    const all = this.#queue.length === 1 && first !== undefined ? first : Buffer.concat(this.#queue);
    const rest = all.subarray(count);
    this.#queue = rest.length === 0 ? [] : [rest];
    this.#queuedBytes = rest.length;
    return all.subarray(0, count);
  }

  async #emit(bytes: Buffer): Promise<void> {
    if (bytes.length === 0) return;
    if (this.#hasEmitted && this.#options.intervalMs > 0)
      await this.#exchange.sleep(this.#options.intervalMs);
    else if (this.#hasEmitted && Number.isFinite(this.#sliceBytes)) await this.#exchange.turn();
    this.#hasEmitted = true;
    await this.#write(this.#options.isChunked ? toChunk(bytes) : [bytes]);
    this.#note(bytes.length);
  }

  async #write(parts: readonly Buffer[]): Promise<void> {
    const all = this.#head === null ? parts : [this.#head, ...parts];
    this.#head = null;
    const [first] = all;
    const bytes = all.length === 1 && first !== undefined ? first : Buffer.concat(all);
    const isFlowing = this.#exchange.write(bytes);
    this.#attempt.bytesSent += bytes.length;
    if (isFlowing) return;
    this.#attempt.blockedSinceMs = this.#exchange.clock.now();
    await this.#exchange.drained();
    this.#attempt.blockedSinceMs = null;
  }

  #note(bytes: number): void {
    this.#emittedBytes += bytes;
    let sent = 0;
    for (const { offset, frame } of this.#ends) {
      if (offset > this.#emittedBytes) break;
      sent += 1;
      this.#noteFrame(frame);
    }
    this.#ends = sent === this.#ends.length ? [] : this.#ends.slice(sent);
  }

  #noteFrame(frame: Frame): void {
    const attempt = this.#attempt;
    if (frame.isEvent) attempt.eventsSent += 1;
    if (frame.usage !== undefined) attempt.usageSent = frame.usage;
    if (frame.content === undefined) return;
    attempt.piecesSent += 1;
    if (this.#options.keepsText) attempt.textSent += frame.content;
  }
}
