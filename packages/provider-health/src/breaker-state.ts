/** Why a breaker changed its state. */
export type TransitionReason =
  | 'consecutive_failures'
  | 'failure_ratio'
  | 'open_elapsed'
  | 'half_open_failure'
  | 'half_open_successes'
  | 'forced_open'
  | 'forced_closed'
  | 'auto'
  | 'restored';

/** Why a breaker is open. */
export type OpenReason = 'consecutive_failures' | 'failure_ratio' | 'half_open_failure';

/**
 * Where a breaker stands. Times are monotonic milliseconds. `opensInRow` counts the opens since it last closed by
 * its own successes; it sets the length of the next one.
 */
export type BreakerState =
  | { readonly kind: 'closed'; readonly consecutiveFailures: number }
  | {
      readonly kind: 'open';
      readonly reason: OpenReason;
      readonly sinceMs: number;
      readonly untilMs: number;
      readonly opensInRow: number;
    }
  | {
      readonly kind: 'half_open';
      readonly sinceMs: number;
      readonly inFlight: number;
      readonly successes: number;
      readonly opensInRow: number;
    }
  | {
      readonly kind: 'forced';
      readonly position: 'open' | 'closed';
      /** The operator's words. */
      readonly reason: string;
      readonly sinceMs: number;
    };

/** The three states that metrics and dashboards know. */
export type VisibleBreakerState = 'closed' | 'open' | 'half_open';

/** One change of a breaker's state. */
export interface BreakerTransition {
  readonly from: BreakerState;
  readonly to: BreakerState;
  readonly reason: TransitionReason;
  readonly atMs: number;
}

/** The state as metrics show it: a forced position counts as that position. */
export function visibleStateOf(state: BreakerState): VisibleBreakerState {
  return state.kind === 'forced' ? state.position : state.kind;
}

/** Whether two states differ in their numbers at most. */
export function isSamePosition(a: BreakerState, b: BreakerState): boolean {
  return a.kind === b.kind && visibleStateOf(a) === visibleStateOf(b);
}
