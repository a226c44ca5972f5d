import type { StreamChunk } from './event-reader.ts';

/** Longer answers are not kept for a continuation. */
const MAX_TEXT = 1_048_576;

/** What the client has been given of a streamed answer: all that another target needs in order to go on with it. */
export class Transcript {
  text = '';
  /** Chunks that brought text: about as many tokens. */
  textChunks = 0;
  id: unknown = null;
  created: unknown = null;
  isFinished = false;
  #isWhole = true;

  /** Whether everything that the client was given is text of a single choice, and the answer still lacks its end. */
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
    if (chunk.text === '') return;
    this.text += chunk.text;
    this.textChunks += 1;
    if (this.text.length > MAX_TEXT) {
      this.#isWhole = false;
      this.text = '';
    }
  }
}
