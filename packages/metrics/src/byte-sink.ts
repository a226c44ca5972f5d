import { nextTurn } from './next-turn.ts';

const GROWTH_BYTES = 1 << 20;
const SLACK_BYTES = 1 << 16;

/** Collects text as UTF-8 in few large buffers, so that the whole needs no copy where its size was foreseen. */
export class ByteSink {
  readonly #full: Buffer[] = [];
  #current: Buffer;
  #used = 0;

  constructor(expectedBytes: number) {
    this.#current = Buffer.allocUnsafe(Math.ceil(expectedBytes * 1.05) + SLACK_BYTES);
  }

  write(text: string): void {
    const most = text.length * 3;
    if (this.#used + most > this.#current.length) {
      this.#full.push(this.#current.subarray(0, this.#used));
      this.#current = Buffer.allocUnsafe(Math.max(most, GROWTH_BYTES));
      this.#used = 0;
    }
    this.#used += this.#current.write(text, this.#used);
  }

  /** Returns everything written, copying (a part per turn of the event loop) only where it took several buffers. */
  async finish(): Promise<Buffer> {
    const last = this.#current.subarray(0, this.#used);
    if (this.#full.length === 0) {
      return last;
    }
    const parts = [...this.#full, last];
    const whole = Buffer.allocUnsafe(parts.reduce((bytes, part) => bytes + part.length, 0));
    let at = 0;
    for (const part of parts) {
      at += part.copy(whole, at);
      await nextTurn();
    }
    return whole;
  }
}
