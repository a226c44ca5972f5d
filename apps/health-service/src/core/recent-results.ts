/** The last results of one target in a ring: the share that failed, and how long the good ones took. */
export class RecentResults {
  readonly #failedShares: Float32Array;
  readonly #latenciesMs: Float32Array;
  #shareCount = 0;
  #latencyCount = 0;

  constructor(size: number) {
    this.#failedShares = new Float32Array(size);
    this.#latenciesMs = new Float32Array(size);
  }

  /** @param failedShare 0 for a success, 1 for a failure, between them for a number of live attempts */
  add(failedShare: number): void {
    this.#failedShares[this.#shareCount % this.#failedShares.length] = failedShare;
    this.#shareCount += 1;
  }

  addLatency(latencyMs: number): void {
    this.#latenciesMs[this.#latencyCount % this.#latenciesMs.length] = latencyMs;
    this.#latencyCount += 1;
  }

  /** The failed share of the results kept, or null with fewer than the minimum. */
  failedShare(minimum: number): number | null {
    const kept = Math.min(this.#shareCount, this.#failedShares.length);
    if (kept === 0 || kept < minimum) return null;
    let sum = 0;
    for (let index = 0; index < kept; index++) sum += this.#failedShares[index] ?? 0;
    return sum / kept;
  }

  /** The 95th percentile of the latencies kept (nearest rank), or null with fewer than the minimum. */
  p95Ms(minimum: number): number | null {
    const kept = Math.min(this.#latencyCount, this.#latenciesMs.length);
    if (kept === 0 || kept < minimum) return null;
    const sorted = this.#latenciesMs.slice(0, kept).sort();
    return sorted[Math.ceil(0.95 * kept) - 1] ?? null;
  }

  /** Forgets the results, not the latencies: an outage that has ended is no longer a share of failures. */
  forgetFailures(): void {
    this.#shareCount = 0;
  }
}
