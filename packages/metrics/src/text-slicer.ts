import type { ByteSink } from './byte-sink.ts';
import { nextTurn } from './next-turn.ts';

/** Gathers text and hands it on in slices, giving way to the event loop after each. */
export class TextSlicer {
  readonly #sink: ByteSink;
  readonly #sliceBytes: number;
  #pending = '';

  constructor(sink: ByteSink, sliceBytes: number) {
    this.#sink = sink;
    this.#sliceBytes = sliceBytes;
  }

  /** Adds text; where it returns true, a slice is full and `pause` is due. */
  add(text: string): boolean {
    this.#pending += text;
    return this.#pending.length >= this.#sliceBytes;
  }

  flush(): void {
    this.#sink.write(this.#pending);
    this.#pending = '';
  }

  async pause(): Promise<void> {
    this.flush();
    await nextTurn();
  }
}
