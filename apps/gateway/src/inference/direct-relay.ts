import type { StreamChunk } from './event-reader.ts';
import type { ChunkRelay, StreamOutlet } from './stream-answer.ts';
import type { Transcript } from './transcript.ts';

/** Passes a provider's events on byte for byte, in as few writes as they came. */
export class DirectRelay implements ChunkRelay {
  isDone = false;
  readonly #outlet: StreamOutlet;
  /** Null where the answer will not be continued elsewhere. */
  readonly #transcript: Transcript | null;
  readonly #wantsUsage: boolean;
  #isOpen = false;
  #passed = 0;
  #saidBytes = 0;
  /** Events to be passed on in one write: [from, to) of `#bytes`. */
  #bytes: Buffer | null = null;
  #from = 0;
  #to = 0;

  constructor(outlet: StreamOutlet, transcript: Transcript | null, wantsUsage: boolean) {
    this.#outlet = outlet;
    this.#transcript = transcript;
    this.#wantsUsage = wantsUsage;
  }

  chunk(chunk: StreamChunk, bytes: Buffer, start: number, end: number): null {
    // A usage chunk that only the gateway asked for is not for the client.
    if (chunk.choices === 0 && chunk.usage !== null && !this.#wantsUsage) return null;
    if (!this.#isOpen) {
      this.#isOpen = true;
      this.#outlet.open();
    }
    this.#transcript?.add(chunk);
    if (chunk.choices > 0) {
      this.#passed += 1;
      this.#saidBytes += chunk.saidBytes;
    }
    this.#pass(bytes, start, end);
    return null;
  }

  empty(bytes: Buffer, start: number, end: number): void {
    if (this.#isOpen) this.#pass(bytes, start, end);
  }

  done(bytes: Buffer, start: number, end: number): null {
    this.isDone = true;
    this.#pass(bytes, start, end);
    return null;
  }

  flush(now: number): void {
    if (this.#bytes !== null) this.#outlet.write(this.#bytes.subarray(this.#from, this.#to));
    this.#bytes = null;
    if (this.#passed > 0) this.#outlet.chunksPassed(this.#passed, this.#saidBytes, now);
    this.#passed = 0;
    this.#saidBytes = 0;
  }

  #pass(bytes: Buffer, start: number, end: number): void {
    if (this.#bytes !== bytes || this.#to !== start) {
      if (this.#bytes !== null) this.#outlet.write(this.#bytes.subarray(this.#from, this.#to));
      this.#bytes = bytes;
      this.#from = start;
    }
    this.#to = end;
  }
}
