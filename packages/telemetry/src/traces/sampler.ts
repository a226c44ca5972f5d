/** How the environment decides about traces, read from `OTEL_TRACES_SAMPLER` and its argument. */
export interface SamplerSettings {
  /** Whether a caller's decision is followed where there is one. */
  readonly isParentBased: boolean;
  /** The part of the other traces that is sampled, 0…1. */
  readonly ratio: number;
  /** Whether traces that were not sampled may be kept at their end. */
  readonly keepsLate: boolean;
}

/** Decides at the beginning of a trace, before any span is made. */
export interface Sampler {
  /** `parentIsSampled` is null where no valid parent came. */
  isSampled(traceId: string, parentIsSampled: boolean | null): boolean;
}

// OpenTelemetry's consistent sampling takes the last 56 bits of a trace id for its randomness. The first 52 of
// those are as many as a number holds exactly.
const RANDOM_FROM = 18;
const RANDOM_TO = 31;
const RANDOM_RANGE = 2 ** 52;

/**
 * Creates the sampler of the settings. One trace id gets the same answer from every process with the same ratio, and
 * what a low ratio samples a higher one samples too (OpenTelemetry, "TraceState: Probability Sampling": sampled where
 * the id's randomness is at least 1 − ratio).
 */
export function createSampler({ isParentBased, ratio }: SamplerSettings): Sampler {
  const threshold = Math.round((1 - ratio) * RANDOM_RANGE);
  const isAlways = ratio >= 1;
  const isNever = ratio <= 0;
  return {
    isSampled(traceId, parentIsSampled) {
      if (isParentBased && parentIsSampled !== null) return parentIsSampled;
      if (isAlways || isNever) return isAlways;
      return Number.parseInt(traceId.slice(RANDOM_FROM, RANDOM_TO), 16) >= threshold;
    },
  };
}
