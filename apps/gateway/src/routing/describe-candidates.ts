import type { VisibleBreakerState } from '@gatewayz/provider-health';
import type { Route } from '../providers/catalogue.ts';

/** How a target stood at one moment. */
export interface Candidate {
  readonly provider: string;
  readonly model: string;
  /** 0…1. */
  readonly score: number;
  readonly breakerState: VisibleBreakerState;
  readonly isAvailable: boolean;
}

/** Notes how every target of a route stands now, so that a choice among them can be explained later. */
export function describeCandidates(route: Route, nowMs: number): readonly Candidate[] {
  return route.targets.map(({ provider, model, health }) => ({
    provider: provider.name,
    model,
    score: health.score(nowMs),
    breakerState: worse(provider.health.breaker.visibleState(nowMs), health.breaker.visibleState(nowMs)),
    isAvailable: health.isAvailable(nowMs),
  }));
}

/** Of a provider's breaker and a model's the one that keeps more attempts away. */
function worse(provider: VisibleBreakerState, model: VisibleBreakerState): VisibleBreakerState {
  if (provider === 'open' || model === 'open') return 'open';
  return provider === 'closed' ? model : provider;
}
