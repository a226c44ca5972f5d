/** The last results of one target in a ring: the share that failed, and how long the good ones took. */
export class RecentResults {
  readonly #failedShares: Float32Array;
  readonly #latenciesMs: Float32Array;
  #shareSum = 0;
  #shareCount = 0;
  #latencyCount = 0;
  #slowestMs = 0;

  constructor(size: number) {
    this.#failedShares = new Float32Array(size);
    this.#latenciesMs = new Float32Array(size);
  }

  /** @param failedShare 0 for a success, 1 for a failure, between them for a number of live attempts */
  add(failedShare: number): void {
    const place = this.#shareCount % this.#failedShares.length;
    this.#shareSum -= this.#failedShares[place] ?? 0;
    this.#failedShares[place] = failedShare;
    this.#shareSum += this.#failedShares[place] ?? 0;
    this.#shareCount += 1;
  }

  addLatency(latencyMs: number): void {
    const place = this.#latencyCount % this.#latenciesMs.length;
    const goneMs = this.#latenciesMs[place] ?? 0;
    this.#latenciesMs[place] = latencyMs;
    this.#latencyCount += 1;
    const cameMs = this.#latenciesMs[place] ?? 0;
    if (cameMs >= this.#slowestMs) this.#slowestMs = cameMs;
    else if (goneMs === this.#slowestMs) this.#slowestMs = Math.max(...this.#latenciesMs);
  }

  /** The failed share of the results kept, or null with fewer than the minimum. */
  failedShare(minimum: number): number | null {
    const kept = Math.min(this.#shareCount, this.#failedShares.length);
    return kept === 0 || kept < minimum ? null : this.#shareSum / kept;
  }

  /** Whether the 95th percentile of the latencies kept (nearest rank) is at this line or above; never with too few. */
  isP95From(lineMs: number, minimum: number): boolean {
    const kept = Math.min(this.#latencyCount, this.#latenciesMs.length);
    if (kept === 0 || kept < minimum || this.#slowestMs < lineMs) return false;
    let below = 0;
    for (let index = 0; index < kept; index++) if ((this.#latenciesMs[index] ?? 0) < lineMs) below += 1;
    return below < Math.ceil(0.95 * kept);
  }

  /** Forgets the results, not the latencies: an outage that has ended is no longer a share of failures. */
  forgetFailures(): void {
    this.#failedShares.fill(0);
    this.#shareSum = 0;
    this.#shareCount = 0;
  }
}
