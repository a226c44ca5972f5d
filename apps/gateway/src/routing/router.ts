import type { RoutingConfig } from '@gatewayz/config';
import type { Admission } from '@gatewayz/provider-health';
import type { Route } from '../providers/catalogue.ts';
import type { Target } from '../providers/provider.ts';
import { rankTargets } from './rank-targets.ts';

/** A target that may be called now, with the leave to do so. */
export interface Pick {
  readonly target: Target;
  readonly admission: Admission;
  /** Every target is open or cooling off, and this one is the first to come back. */
  readonly isLeastBad: boolean;
}

/** Chooses the target of each attempt. */
export interface Router {
  /**
   * The best target that may be called and was not tried yet. Where none may be, and none was tried: the least
   * bad one. Null where nothing is left. The admission of a pick must be recorded or released.
   */
  pick(route: Route, tried: readonly { readonly target: Target }[], nowMs: number): Pick | null;
  /** Another attempt at this very target, if it is let. */
  again(target: Target, nowMs: number): Pick | null;
}

/** Creates a router; `onPassedOver` hears of targets that an open breaker kept from being called. */
export function createRouter(
  config: RoutingConfig,
  random: () => number,
  onPassedOver: (target: Target) => void,
): Router {
  function admit(target: Target, nowMs: number): Pick | null {
    const { health } = target;
    const admission = health.admit(nowMs);
    if (admission.kind !== 'no') {
      return { target, admission, isLeastBad: false };
    }
    if (admission.because !== 'cooling_off') onPassedOver(target);
    return null;
  }

  return {
    pick(route, tried, nowMs) {
      const targets = rankTargets(route.targets, config, random, nowMs);
      for (const target of targets) {
        if (wasTried(tried, target)) continue;
        const pick = admit(target, nowMs);
        if (pick !== null) return pick;
      }
      return tried.length === 0 ? pickLeastBad(targets, nowMs) : null;
    },
    again: admit,
  };
}

function wasTried(tried: readonly { readonly target: Target }[], target: Target): boolean {
  for (const attempt of tried) if (attempt.target === target) return true;
  return false;
}

/** The target that comes back first; those that an operator forced open stay out. */
function pickLeastBad(targets: readonly Target[], nowMs: number): Pick | null {
  let best: Target | null = null;
  let bestAtMs = Number.POSITIVE_INFINITY;
  for (const target of targets) {
    const atMs = target.health.availableAtMs(nowMs);
    if (atMs !== null && atMs < bestAtMs) {
      best = target;
      bestAtMs = atMs;
    }
  }
  if (best === null) return null;
  return { target: best, admission: best.health.admit(nowMs), isLeastBad: true };
}
