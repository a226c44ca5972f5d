/** The values of a family's series at one moment, by slot; NaN, or no slot, where a series was not there. */
export interface SampleRow {
  readonly atMs: number;
  readonly values: Float64Array;
}

/** The longest window that a view may ask for. */
export const LONGEST_WINDOW_MS = 3_600_000;

const DENSE_MS = 330_000;
const COARSE_SPACING_MS = 60_000;
/** Ticks are a little late, each by another bit. */
const SPACING_TOLERANCE = 0.99;

/**
 * The rows of the last hour, oldest first: every one of the last five and a half minutes, one a minute before. At a
 * row every 15 s these are 77: 6 MB for 10,000 series.
 */
export class SampleRows {
  readonly #rows: SampleRow[] = [];
  /** How many rows, from the oldest, have been thinned out. */
  #coarse = 0;

  get latest(): SampleRow | undefined {
    return this.#rows.at(-1);
  }

  get length(): number {
    return this.#rows.length;
  }

  push(row: SampleRow): void {
    this.#rows.push(row);
    while ((this.#rows[0]?.atMs ?? row.atMs) < row.atMs - LONGEST_WINDOW_MS) {
      this.#rows.shift();
      this.#coarse = Math.max(0, this.#coarse - 1);
    }
    this.#thin(row.atMs - DENSE_MS);
  }

  /** The rows from `startMs` on. */
  since(startMs: number): readonly SampleRow[] {
    const from = this.#rows.findIndex(({ atMs }) => atMs >= startMs);
    return from < 0 ? [] : this.#rows.slice(from);
  }

  clear(): void {
    this.#rows.length = 0;
    this.#coarse = 0;
  }

  #thin(denseFromMs: number): void {
    for (;;) {
      const row = this.#rows[this.#coarse];
      if (row === undefined || row.atMs >= denseFromMs) return;
      const before = this.#rows[this.#coarse - 1];
      const isNear = before !== undefined && row.atMs - before.atMs < COARSE_SPACING_MS * SPACING_TOLERANCE;
      if (isNear) this.#rows.splice(this.#coarse, 1);
      else this.#coarse += 1;
    }
  }
}
