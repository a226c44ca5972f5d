import { setImmediate as turn } from 'node:timers/promises';

interface Batch<Place> {
  text: string;
  lines: number;
  readonly written: PromiseWithResolvers<Place>;
}

/** Writes `text`, which is so many whole lines; says where they are. */
export type WriteLines<Place> = (text: string, lines: number) => Promise<Place>;

/** Writes lines in batches, one at a time: what comes in one turn of the event loop, or during a write, is one. */
export class LineBatches<Place> {
  readonly #writeLines: WriteLines<Place>;
  #waiting: Batch<Place> = createBatch();
  #writing: Batch<Place> | null = null;
  #running: Promise<void> | null = null;

  constructor(writeLines: WriteLines<Place>) {
    this.#writeLines = writeLines;
  }

  /** Resolves with where the lines are, and rejects with the failure of the batch; all of one batch share a promise. */
  add(text: string, lines: number): Promise<Place> {
    const batch = this.#waiting;
    batch.text += text;
    batch.lines += lines;
    this.#running ??= this.#run();
    return batch.written.promise;
  }

  /** Resolves when what has come so far has been written, or has failed. */
  async settled(): Promise<void> {
    const newest = this.#waiting.lines > 0 ? this.#waiting : this.#writing;
    // Whoever added it hears of the failure.
    await newest?.written.promise.catch(() => {});
  }

  /** Resolves when nothing is waiting any more. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#waiting.lines > 0) {
      await turn();
      const batch = this.#waiting;
      this.#writing = batch;
      this.#waiting = createBatch();
      await this.#writeLines(batch.text, batch.lines).then(batch.written.resolve, batch.written.reject);
    }
    this.#writing = null;
    this.#running = null;
  }
}

function createBatch<Place>(): Batch<Place> {
  return { text: '', lines: 0, written: Promise.withResolvers() };
}
