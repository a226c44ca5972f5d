import type { Route } from '../providers/catalogue.ts';

/** How long until the first target of a route may be called again, in milliseconds; null while one may be now. */
export function opensInMs(route: Route, nowMs: number): number | null {
  let firstAt = Number.POSITIVE_INFINITY;
  for (const { health } of route.targets) {
    if (health.isAvailable(nowMs)) return null;
    firstAt = Math.min(firstAt, health.availableAtMs(nowMs) ?? firstAt);
  }
  return firstAt - nowMs;
}
