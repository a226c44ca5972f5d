import type { Outcome } from '@gatewayz/provider-health';
import type { Route } from '../providers/catalogue.ts';
import type { Target } from '../providers/provider.ts';
import { createTestProvider, type ProviderFixture } from '../providers/provider-fixture.ts';

/** A moment of the tests' monotonic time, in milliseconds. */
export const NOW = 1_000_000;

/** The model `large` of a provider of this name. */
export function targetAt(provider: string, fixture: ProviderFixture = {}): Target {
  return createTestProvider(provider, fixture).target('large');
}

/** Records this many attempts with this outcome. */
export function record(
  target: Target,
  count: number,
  outcome: Outcome,
  latencyMs = 10,
  nowMs: number = NOW,
): void {
  for (let at = 0; at < count; at += 1) {
    target.health.record(target.health.admit(nowMs), outcome, latencyMs, nowMs);
  }
}

export function routeTo(...targets: Target[]): Route {
  return { label: 'large', targets, continuation: true };
}

/** Chance that is the same in every run (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
