/** Loki's limit of bytes a second; a push that alone is larger passes in a second of its own. */
export class IngestionRate {
  readonly #bytesPerSecond: number | null;
  #second = 0;
  #bytes = 0;

  constructor(bytesPerSecond: number | null) {
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** Whether a push of so many bytes is within the limit; if it is, it counts. */
  takes(bytes: number, nowMs: number): boolean {
    if (this.#bytesPerSecond === null) return true;
    const second = Math.floor(nowMs / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#bytes = 0;
    }
    if (this.#bytes > 0 && this.#bytes + bytes > this.#bytesPerSecond) return false;
    this.#bytes += bytes;
    return true;
  }
}
