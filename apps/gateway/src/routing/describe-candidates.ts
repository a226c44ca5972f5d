import type { VisibleBreakerState } from '@gatewayz/provider-health';
import type { Route } from '../providers/catalogue.ts';
import type { Target } from '../providers/provider.ts';

/** How a target stood at one moment. */
export interface Candidate {
  readonly provider: string;
  readonly model: string;
  /** 0…1. */
  readonly score: number;
  readonly breakerState: VisibleBreakerState;
  readonly isAvailable: boolean;
}

/** How old a note of a target may be that is given again, in milliseconds, where its breakers stand as they did. */
const MAX_AGE_MS = 100;

interface Note {
  readonly candidate: Candidate;
  readonly atMs: number;
}

const latest = new WeakMap<Target, Note>();

/** Notes how every target of a route stands now, so that a choice among them can be explained later. */
export function describeCandidates(route: Route, nowMs: number): readonly Candidate[] {
  const candidates: Candidate[] = [];
  for (const target of route.targets) candidates.push(describe(target, nowMs));
  return candidates;
}

/** A score is a walk over a window, and barely moves within the time of a few requests: it is not taken for each. */
function describe(target: Target, nowMs: number): Candidate {
  const { provider, model, health } = target;
  const breakerState = worse(provider.health.breaker.visibleState(nowMs), health.breaker.visibleState(nowMs));
  const isAvailable = health.isAvailable(nowMs);
  const note = latest.get(target);
  if (note !== undefined && nowMs - note.atMs < MAX_AGE_MS) {
    const { candidate } = note;
    if (candidate.breakerState === breakerState && candidate.isAvailable === isAvailable) return candidate;
  }
  const candidate = { provider: provider.name, model, score: health.score(nowMs), breakerState, isAvailable };
  latest.set(target, { candidate, atMs: nowMs });
  return candidate;
}

/** Of a provider's breaker and a model's the one that keeps more attempts away. */
function worse(provider: VisibleBreakerState, model: VisibleBreakerState): VisibleBreakerState {
  if (provider === 'open' || model === 'open') return 'open';
  return provider === 'closed' ? model : provider;
}
