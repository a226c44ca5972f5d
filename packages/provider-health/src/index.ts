export { type BreakerOptions, DEFAULT_BREAKER_OPTIONS, readBreakerOptions } from './breaker-options.ts';
export {
  type BreakerState,
  type BreakerTransition,
  type OpenReason,
  type TransitionReason,
  type VisibleBreakerState,
  visibleStateOf,
} from './breaker-state.ts';
export {
  type CircuitBreaker,
  type CircuitBreakerSettings,
  createCircuitBreaker,
} from './circuit-breaker.ts';
export { classifyError, timeoutPhaseOf } from './classify-error.ts';
export type { CoolOffReason, RunningCoolOff } from './cool-off.ts';
export type { Permit } from './half-open-probes.ts';
export { createLatencyEwma, type LatencyEwma, type LatencyEwmaOptions } from './latency-ewma.ts';
export {
  classifyStatus,
  countsAgainstProvider,
  OUTCOMES,
  type Outcome,
  type TimeoutPhase,
  type Verdict,
  verdictOf,
} from './outcome.ts';
export { FAILED_PROBES_UNTIL_DOWN } from './probe-streak.ts';
export {
  createProviderHealth,
  type HealthTransition,
  OTHER_MODEL,
  type ProviderHealth,
  type ProviderHealthOptions,
} from './provider-health.ts';
export {
  DEFAULT_MAX_WAIT_MS,
  parseQuotaReset,
  parseRetryAfter,
  type ResponseHeaders,
} from './retry-after.ts';
export { createRetryBudget, type RetryBudget, type RetryBudgetOptions } from './retry-budget.ts';
export {
  createRollingWindow,
  type RollingWindow,
  type RollingWindowOptions,
  type WindowSnapshot,
} from './rolling-window.ts';
export type { SavedBreaker } from './saved-breaker.ts';
export {
  availabilityOf,
  type HealthStatus,
  healthScore,
  healthStatus,
  latencyScore,
  type ScoreParts,
} from './score.ts';
export type { Admission, HealthSnapshot, Refusal, TargetHealth } from './target-health.ts';
