const FIRST_BYTES = 72 * 1024;
const MAX_KEPT_BYTES = 1024 * 1024;
/** Of a character of a text. */
const MAX_UTF8_BYTES = 3;
const LINE_END = 0x0a;

/**
 * Lines as UTF-8, one after the other, in memory that is used again. Each is encoded as it comes: texts that wait to be
 * joined outlive the young generation, and were put together once more for every sink.
 */
export class LineBytes {
  #bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #length = 0;
  #lines = 0;

  get length(): number {
    return this.#length;
  }

  /** How often `add` was called. */
  get lines(): number {
    return this.#lines;
  }

  /** Takes a text, and writes a line end behind it. */
  add(text: string): void {
    this.#reserve(text.length * MAX_UTF8_BYTES + 1);
    const end = this.#length + this.#bytes.write(text, this.#length);
    this.#bytes[end] = LINE_END;
    this.#length = end + 1;
    this.#lines += 1;
  }

  /** Hands over what was added, in a buffer of its own, and begins anew. */
  take(): Buffer {
    const taken = Buffer.allocUnsafeSlow(this.#length);
    this.#bytes.copy(taken, 0, 0, this.#length);
    this.clear();
    return taken;
  }

  clear(): void {
    this.#length = 0;
    this.#lines = 0;
    if (this.#bytes.length > MAX_KEPT_BYTES) this.#bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}
