import type { VisibleBreakerState } from './breaker-state.ts';

/** How a provider does: `unknown` where there was neither an attempt nor a probe lately. */
export type HealthStatus = 'healthy' | 'degraded' | 'down' | 'unknown';

/** What the score is made of. */
export interface ScoreParts {
  readonly availability: 0 | 1;
  /** 0…1. */
  readonly errorRate: number;
  /** Milliseconds, null where no latency is known. */
  readonly p95Ms: number | null;
}

/** Full latency score up to here; from the project's design. */
const FAST_MS = 2_000;
/** No latency score from here on; from the project's design. */
const SLOW_MS = 10_000;
/** Below this score a provider is degraded; from the project's design. */
const HEALTHY_SCORE = 0.8;

/** 0 while the breaker is open or the last three probes failed, else 1; so 1 where nothing is known. */
export function availabilityOf(breaker: VisibleBreakerState, areProbesFailing: boolean): 0 | 1 {
  return breaker === 'open' || areProbesFailing ? 0 : 1;
}

/** 1 up to a p95 of 2 s, 0 from 10 s, a straight line between; 1 where no latency is known. */
export function latencyScore(p95Ms: number | null): number {
  return p95Ms === null ? 1 : clampToUnit((SLOW_MS - p95Ms) / (SLOW_MS - FAST_MS));
}

/** 0.4 × availability + 0.3 × (1 − error rate) + 0.3 × latency score, kept in 0…1; from the project's design. */
export function healthScore({ availability, errorRate, p95Ms }: ScoreParts): number {
  return clampToUnit(0.4 * availability + 0.3 * (1 - clampToUnit(errorRate)) + 0.3 * latencyScore(p95Ms));
}

/** `down` where availability is 0; else `unknown` where nothing is known; `degraded` below 0.8; else `healthy`. */
export function healthStatus(availability: 0 | 1, score: number, isKnown: boolean): HealthStatus {
  if (availability === 0) return 'down';
  if (!isKnown) return 'unknown';
  return score < HEALTHY_SCORE ? 'degraded' : 'healthy';
}

function clampToUnit(value: number): number {
  return Math.min(Math.max(value, 0), 1) || 0;
}
