/** Counts by bucket and column, with their totals kept: what leaves is subtracted, so that reading costs no sum. */
export class CountRing {
  readonly totals: Uint32Array;
  readonly #rows: Uint32Array;
  readonly #width: number;

  constructor(buckets: number, width: number) {
    this.totals = new Uint32Array(width);
    this.#rows = new Uint32Array(buckets * width);
    this.#width = width;
  }

  add(bucket: number, column: number): void {
    const cell = bucket * this.#width + column;
    this.#rows[cell] = (this.#rows[cell] ?? 0) + 1;
    this.totals[column] = (this.totals[column] ?? 0) + 1;
  }

  evict(bucket: number): void {
    const start = bucket * this.#width;
    for (let column = 0; column < this.#width; column++) {
      this.totals[column] = (this.totals[column] ?? 0) - (this.#rows[start + column] ?? 0);
    }
    this.#rows.fill(0, start, start + this.#width);
  }

  clear(): void {
    this.totals.fill(0);
    this.#rows.fill(0);
  }
}
