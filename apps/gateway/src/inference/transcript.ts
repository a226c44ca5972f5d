import type { StreamChunk } from './event-reader.ts';

/** Longer answers are not kept for a continuation. */
const MAX_TEXT = 1_048_576;
const FIRST_BYTES = 512;
const NOTHING = Buffer.alloc(0);

/** What the client has been given of a streamed answer: all that another target needs in order to go on with it. */
export class Transcript {
  /** Chunks that brought text: about as many tokens. */
  textChunks = 0;
  id: unknown = null;
  created: unknown = null;
  isFinished = false;
  #isWhole = true;
  /** The text, but for what came last: that is UTF-8 in the first `#length` bytes. */
  #text = '';
  #bytes: Buffer = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;

  /** The answer so far. */
  get text(): string {
    this.#settle();
    return this.#text;
  }

  /** Whether everything that the client was given is text of a single choice, and kept here. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** The same, where the answer still lacks its end. */
  get canContinue(): boolean {
    return this.#isWhole && !this.isFinished;
  }

  add(chunk: StreamChunk): void {
    if (!this.#isWhole) return;
    if (!chunk.isRepeated) {
      this.id ??= chunk.id;
      this.created ??= chunk.created;
      this.#isWhole = !chunk.hasMore && chunk.indexes.every((index) => index === 0);
      if (chunk.finished.length > 0) this.isFinished = true;
    }
    const { textBytes } = chunk;
    if (textBytes !== null) this.#append(textBytes, chunk.textStart, chunk.textEnd);
    else if (chunk.text !== '') this.#appendText(chunk.text);
    if (this.#text.length + this.#length > MAX_TEXT) this.#letGo();
  }

  /** As a string, because half a surrogate pair, which the next chunk completes, has no UTF-8. */
  #appendText(text: string): void {
    this.#settle();
    this.#text += text;
    this.textChunks += 1;
  }

  #append(bytes: Buffer, start: number, end: number): void {
    const length = this.#length + end - start;
    if (length > this.#bytes.length) this.#grow(2 * length);
    // A chunk's text is a few bytes long: a loop is cheaper than a call of Buffer's.
    const into = this.#bytes;
    for (let from = start, at = this.#length; from < end; from += 1, at += 1)
      into[at] = bytes[from] as number;
    this.#length = length;
    this.textChunks += 1;
  }

  #settle(): void {
    if (this.#length > 0) this.#text += this.#bytes.toString('utf8', 0, this.#length);
    this.#length = 0;
  }

  #grow(size: number): void {
    const larger = Buffer.allocUnsafe(size);
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }

  #letGo(): void {
    this.#isWhole = false;
    this.#text = '';
    this.#bytes = NOTHING;
    this.#length = 0;
  }
}
