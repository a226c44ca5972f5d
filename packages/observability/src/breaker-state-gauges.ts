import type { GaugeChild } from '@gatewayz/metrics';
import type { VisibleBreakerState } from '@gatewayz/provider-health';

/** The states that a breaker's metrics know. */
export const BREAKER_STATES: readonly VisibleBreakerState[] = ['closed', 'open', 'half_open'];

/** One value a state. */
export type ByState<T> = Readonly<Record<VisibleBreakerState, T>>;

/** Makes one value a state. */
export function byState<T>(make: (state: VisibleBreakerState) => T): ByState<T> {
  return { closed: make('closed'), open: make('open'), half_open: make('half_open') };
}

/** Sets the gauge of the current state to 1 and the others to 0. */
export function setState(gauges: ByState<GaugeChild>, current: VisibleBreakerState): void {
  for (const state of BREAKER_STATES) gauges[state].set(state === current ? 1 : 0);
}
