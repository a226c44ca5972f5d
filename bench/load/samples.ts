import type { Latency } from './job.ts';

/** A growing list of numbers that costs no allocation per sample. */
export class Samples {
  #values = new Float64Array(1 << 16);
  #count = 0;

  add(value: number): void {
    if (this.#count === this.#values.length) {
      const larger = new Float64Array(this.#values.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#count] = value;
    this.#count += 1;
  }

  get count(): number {
    return this.#count;
  }

  /** Nearest-rank percentiles; NaN where there is no sample. */
  latency(): Latency {
    const sorted = this.#values.slice(0, this.#count).sort();
    const at = (quantile: number): number =>
      sorted[Math.max(0, Math.ceil(sorted.length * quantile) - 1)] ?? Number.NaN;
    return { p50: at(0.5), p99: at(0.99) };
  }
}
