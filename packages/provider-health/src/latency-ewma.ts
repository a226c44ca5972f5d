import { requireNumber } from './require-option.ts';

/** How a latency average reacts. */
export interface LatencyEwmaOptions {
  /** Time constant in milliseconds: how fast an old peak is forgotten. Default 10 000. */
  readonly decayMs?: number;
  /** Cost in milliseconds of a target that was never measured but has attempts in flight. Default 60 000. */
  readonly unmeasuredMs?: number;
}

/**
 * A peak-sensitive moving average of one target's latency, as Finagle's and Linkerd's balancers keep: a higher value
 * counts at once, a lower one gradually, and silence lets it fall to 0, so that a target passed over is tried again.
 */
export interface LatencyEwma {
  /** An attempt begins. */
  start(): void;
  /** An attempt ended; null where its latency says nothing (a quick refusal, a client that left). */
  end(latencyMs: number | null, nowMs: number): void;
  /** The average in milliseconds, decayed up to now; null where nothing was measured. */
  valueMs(nowMs: number): number | null;
  readonly inFlight: number;
  /** What one more attempt would cost: the average × (attempts in flight + 1). The target with the least is best. */
  cost(nowMs: number): number;
}

/** Makes an average that has measured nothing; throws a RangeError for an option out of bounds. */
export function createLatencyEwma(options: LatencyEwmaOptions = {}): LatencyEwma {
  const decayMs = requireNumber('decayMs', options.decayMs ?? 10_000, 1);
  const unmeasuredMs = requireNumber('unmeasuredMs', options.unmeasuredMs ?? 60_000, 0);
  return new PeakEwma(decayMs, unmeasuredMs);
}

class PeakEwma implements LatencyEwma {
  readonly #decayMs: number;
  readonly #unmeasuredMs: number;
  #valueMs: number | null = null;
  #atMs = 0;
  #inFlight = 0;

  constructor(decayMs: number, unmeasuredMs: number) {
    this.#decayMs = decayMs;
    this.#unmeasuredMs = unmeasuredMs;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  start(): void {
    this.#inFlight++;
  }

  end(latencyMs: number | null, nowMs: number): void {
    if (this.#inFlight > 0) this.#inFlight--;
    if (latencyMs === null || !(latencyMs >= 0 && latencyMs < Number.POSITIVE_INFINITY)) return;
    const peakMs = this.#valueMs ?? 0;
    const weight = this.#weight(nowMs);
    this.#valueMs = latencyMs >= peakMs ? latencyMs : peakMs * weight + latencyMs * (1 - weight);
    this.#atMs = Math.max(this.#atMs, nowMs);
  }

  valueMs(nowMs: number): number | null {
    return this.#valueMs === null ? null : this.#valueMs * this.#weight(nowMs);
  }

  cost(nowMs: number): number {
    const valueMs = this.valueMs(nowMs);
    if (valueMs === null) return this.#inFlight * this.#unmeasuredMs;
    return valueMs * (this.#inFlight + 1);
  }

  #weight(nowMs: number): number {
    return Math.exp(-Math.max(0, nowMs - this.#atMs) / this.#decayMs);
  }
}
