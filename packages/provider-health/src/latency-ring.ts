import { CountRing } from './count-ring.ts';
import { SKETCH_BINS, SKETCH_MAX_MS, sketchBin, sketchQuantileMs } from './latency-sketch.ts';

/** Latencies by bucket: a sketch, their number, and their sum in whole microseconds, which subtracts exactly. */
export class LatencyRing {
  readonly #bins: CountRing;
  readonly #counts: Uint32Array;
  readonly #sumsUs: Float64Array;
  #count = 0;
  #sumUs = 0;

  constructor(buckets: number) {
    this.#bins = new CountRing(buckets, SKETCH_BINS);
    this.#counts = new Uint32Array(buckets);
    this.#sumsUs = new Float64Array(buckets);
  }

  add(bucket: number, latencyMs: number): void {
    if (Number.isNaN(latencyMs)) return;
    const latencyUs = Math.round(Math.min(Math.max(latencyMs, 0), SKETCH_MAX_MS) * 1000);
    this.#bins.add(bucket, sketchBin(latencyMs));
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sumsUs[bucket] = (this.#sumsUs[bucket] ?? 0) + latencyUs;
    this.#count++;
    this.#sumUs += latencyUs;
  }

  evict(bucket: number): void {
    const count = this.#counts[bucket] ?? 0;
    if (count === 0) return;
    this.#bins.evict(bucket);
    this.#count -= count;
    this.#sumUs -= this.#sumsUs[bucket] ?? 0;
    this.#counts[bucket] = 0;
    this.#sumsUs[bucket] = 0;
  }

  clear(): void {
    if (this.#count === 0) return;
    this.#bins.clear();
    this.#counts.fill(0);
    this.#sumsUs.fill(0);
    this.#count = 0;
    this.#sumUs = 0;
  }

  quantileMs(quantile: number): number | null {
    return sketchQuantileMs(this.#bins.totals, this.#count, quantile);
  }

  averageMs(): number | null {
    return this.#count === 0 ? null : this.#sumUs / this.#count / 1000;
  }
}
