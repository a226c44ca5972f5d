import { CountRing } from './count-ring.ts';
import { LatencyRing } from './latency-ring.ts';
import { OUTCOMES, type Outcome } from './outcome.ts';
import { requireInteger, requireNumber } from './require-option.ts';

/** What a rolling window covers, and how finely. */
export interface RollingWindowOptions {
  /** Length in milliseconds. */
  readonly windowMs: number;
  /** Number of buckets; the oldest leaves as a whole, so a sample lives from windowMs − windowMs ÷ buckets to windowMs. */
  readonly buckets: number;
  /** False keeps counts only, without latencies. Default true. */
  readonly latency?: boolean;
}

/** What a window holds at one moment. */
export interface WindowSnapshot {
  /** All attempts, whatever their outcome. */
  readonly samples: number;
  readonly succeeded: number;
  /** Attempts that count against the provider. */
  readonly failed: number;
  /** failed ÷ (succeeded + failed), 0 where there were none. */
  readonly errorRate: number;
  readonly counts: Readonly<Record<Outcome, number>>;
  /** Percentiles of successes and timeouts in milliseconds, within 4% from 1 ms to 20 min; null where there are none. */
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  /** Mean of the same attempts in milliseconds, null where there are none. */
  readonly averageMs: number | null;
}

/**
 * Counts and latencies of the attempts of the last while.
 *
 * Every method takes the monotonic time in milliseconds. A time that runs backwards is taken for the latest one seen;
 * one that is a whole window earlier belongs to another clock, and the window starts anew.
 */
export interface RollingWindow {
  /**
   * Adds one attempt, in constant time and without allocating (but for the first). The latency in milliseconds enters
   * the percentiles for a success and for a timeout: a provider that hangs must show there, one that refuses at once
   * must not look fast. NaN stands for a latency that is not known.
   */
  record(outcome: Outcome, latencyMs: number, nowMs: number): void;
  /** All attempts held, whatever their outcome. */
  samples(nowMs: number): number;
  /** Attempts held that say something of the provider: succeeded + failed. */
  judged(nowMs: number): number;
  /** Attempts held that count against the provider. */
  failed(nowMs: number): number;
  /** failed ÷ (succeeded + failed), 0 where there were none. */
  errorRate(nowMs: number): number;
  /** Latency in milliseconds at a quantile in 0…1, null where none is known. */
  quantileMs(quantile: number, nowMs: number): number | null;
  /** Everything above in one object. */
  snapshot(nowMs: number): WindowSnapshot;
  /** Forgets every attempt. */
  clear(): void;
}

/** Makes an empty rolling window; throws a RangeError that names the option and the value received. */
export function createRollingWindow(options: RollingWindowOptions): RollingWindow {
  return new BucketedWindow(options);
}

class BucketedWindow implements RollingWindow {
  readonly #bucketMs: number;
  readonly #buckets: number;
  readonly #keepsLatency: boolean;
  #counts: CountRing | null = null;
  #latencies: LatencyRing | null = null;
  #bucketIndex = 0;
  #bucket = 0;

  constructor({ windowMs, buckets, latency = true }: RollingWindowOptions) {
    this.#buckets = requireInteger('buckets', buckets, 1, 3600);
    this.#bucketMs = requireNumber('windowMs', windowMs, 1) / buckets;
    this.#keepsLatency = latency;
  }

  record(outcome: Outcome, latencyMs: number, nowMs: number): void {
    this.#advance(nowMs);
    // Made at the first attempt: a gateway knows thousands of targets of which most are never used.
    this.#counts ??= new CountRing(this.#buckets, OUTCOMES.length);
    this.#counts.add(this.#bucket, columnOf(outcome));
    if (this.#keepsLatency && (outcome === 'success' || outcome === 'timeout')) {
      this.#latencies ??= new LatencyRing(this.#buckets);
      this.#latencies.add(this.#bucket, latencyMs);
    }
  }

  samples(nowMs: number): number {
    this.#advance(nowMs);
    if (this.#counts === null) return 0;
    let sum = 0;
    for (const count of this.#counts.totals) sum += count;
    return sum;
  }

  judged(nowMs: number): number {
    this.#advance(nowMs);
    return this.#total('success') + this.#failed();
  }

  failed(nowMs: number): number {
    this.#advance(nowMs);
    return this.#failed();
  }

  errorRate(nowMs: number): number {
    const judged = this.judged(nowMs);
    return judged === 0 ? 0 : this.#failed() / judged;
  }

  quantileMs(quantile: number, nowMs: number): number | null {
    this.#advance(nowMs);
    return this.#latencies?.quantileMs(quantile) ?? null;
  }

  snapshot(nowMs: number): WindowSnapshot {
    return {
      samples: this.samples(nowMs),
      succeeded: this.#total('success'),
      failed: this.#failed(),
      errorRate: this.errorRate(nowMs),
      counts: Object.fromEntries(OUTCOMES.map((outcome) => [outcome, this.#total(outcome)])) as Record<
        Outcome,
        number
      >,
      p50Ms: this.quantileMs(0.5, nowMs),
      p95Ms: this.quantileMs(0.95, nowMs),
      p99Ms: this.quantileMs(0.99, nowMs),
      averageMs: this.#latencies?.averageMs() ?? null,
    };
  }

  clear(): void {
    this.#counts?.clear();
    this.#latencies?.clear();
  }

  #total(outcome: Outcome): number {
    return this.#counts?.totals[columnOf(outcome)] ?? 0;
  }

  #failed(): number {
    return this.#total('provider_error') + this.#total('timeout') + this.#total('network');
  }

  #advance(nowMs: number): void {
    const bucketIndex = Math.floor(nowMs / this.#bucketMs);
    const steps = bucketIndex - this.#bucketIndex;
    if (steps === 0 || !Number.isFinite(steps)) return;
    if (Math.abs(steps) >= this.#buckets) {
      this.clear();
    } else if (steps > 0) {
      for (let step = 0; step < steps; step++) this.#enterNextBucket();
    } else {
      return;
    }
    this.#bucketIndex = bucketIndex;
  }

  #enterNextBucket(): void {
    this.#bucket = (this.#bucket + 1) % this.#buckets;
    this.#counts?.evict(this.#bucket);
    this.#latencies?.evict(this.#bucket);
  }
}

/** The outcome's place in OUTCOMES: a switch, because a map lookup would be most of the cost of a record. */
function columnOf(outcome: Outcome): number {
  switch (outcome) {
    case 'success':
      return 0;
    case 'caller':
      return 1;
    case 'rate_limited':
      return 2;
    case 'credentials':
      return 3;
    case 'provider_error':
      return 4;
    case 'timeout':
      return 5;
    case 'network':
      return 6;
    case 'client_closed':
      return 7;
    case 'gateway':
      return 8;
    default:
      return outcome satisfies never;
  }
}
