import { describe, expect, test } from 'vitest';
import type { Outcome } from './outcome.ts';
import { createProviderHealth, type ProviderHealth, type ProviderHealthOptions } from './provider-health.ts';
import type { TargetHealth } from './target-health.ts';

function healthWith(options: Partial<ProviderHealthOptions> = {}): ProviderHealth {
  return createProviderHealth({ provider: 'groq', random: () => 0, ...options });
}

/** Attempts that are made as long as they are admitted; the number made. */
function attempt(target: TargetHealth, outcome: Outcome, nowMs: number, times = 1, latencyMs = 100): number {
  let made = 0;
  for (let i = 0; i < times; i++) {
    const admission = target.admit(nowMs);
    if (admission.kind === 'no') continue;
    target.record(admission, outcome, latencyMs, nowMs);
    made++;
  }
  return made;
}

describe('admission', () => {
  test('on closed breakers is the same object every time', () => {
    const target = healthWith().model('large');
    expect(target.admit(0)).toBe(target.admit(1));
  });

  test('while half-open is a bounded number of probes, and one given back frees its place without a sample', () => {
    const health = healthWith();
    const only = health.model('only');
    attempt(only, 'provider_error', 0, 5);
    const probe = only.admit(30_000);
    expect(probe.kind).toBe('probe');
    expect(only.isAvailable(30_000)).toBe(false);
    expect(only.admit(30_000).kind).toBe('no');
    only.release(probe, 30_000);
    expect(only.isAvailable(30_000)).toBe(true);
    expect(only.snapshot(30_000).window.samples).toBe(5);
  });

  test('refused by the model takes no place of the provider', () => {
    const health = healthWith();
    const [a, b] = [health.model('a'), health.model('b')];
    attempt(a, 'timeout', 0, 5);
    attempt(b, 'timeout', 0, 2);
    a.breaker.forceOpen('broken by hand', 0);
    expect(health.breaker.visibleState(30_000)).toBe('half_open');
    expect(a.admit(30_000)).toEqual({ kind: 'no', because: 'model_breaker' });
    expect(b.admit(30_000).kind).toBe('probe');
  });

  test('an attempt made in spite of a refusal is a sample and moves no breaker', () => {
    const health = healthWith();
    const only = health.model('only');
    attempt(only, 'provider_error', 0, 5);
    only.record(only.admit(10), 'success', 50, 10);
    expect(health.snapshot(10)).toMatchObject({ breakerState: 'open', window: { samples: 6, succeeded: 1 } });
  });

  test('is refused while the target or the provider cools off, which breaks nothing', () => {
    const health = healthWith({ maxCoolOffMs: 60_000 });
    const [a, b] = [health.model('a'), health.model('b')];
    a.coolOff(5_000, 'rate_limited', 0);
    expect(a.admit(0)).toEqual({ kind: 'no', because: 'cooling_off' });
    expect(b.admit(0).kind).toBe('yes');
    expect(a.admit(5_000).kind).toBe('yes');
    health.coolOff(1e9, 'credentials', 5_000);
    expect(b.isAvailable(5_000)).toBe(false);
    expect(b.availableAtMs(5_000)).toBe(65_000);
    expect(health.snapshot(5_000)).toMatchObject({ availability: 1, coolOff: { reason: 'credentials' } });
    health.endCoolOff();
    expect(b.isAvailable(5_000)).toBe(true);
  });

  test('tells when the next attempt may be made', () => {
    const health = healthWith();
    const only = health.model('only');
    expect(only.availableAtMs(5)).toBe(5);
    attempt(only, 'provider_error', 5, 5);
    expect(only.availableAtMs(10)).toBe(30_005);
    health.breaker.forceOpen('maintenance', 20);
    expect(only.availableAtMs(20)).toBeNull();
  });

  test('follows the operator: a provider forced open refuses, one forced closed admits its broken models too', () => {
    const health = healthWith();
    const [large, small] = [health.model('large'), health.model('small')];
    health.breaker.forceOpen('maintenance', 0);
    expect(small.isAvailable(0)).toBe(false);
    expect(health.snapshot(0)).toMatchObject({ status: 'down', breakerState: 'open' });
    health.breaker.forceClosed('it was us', 1);
    attempt(large, 'provider_error', 1, 5);
    expect(large.breaker.visibleState(1)).toBe('open');
    expect(large.isAvailable(1)).toBe(true);
    expect(large.admit(1).kind).toBe('yes');
    expect(large.availableAtMs(1)).toBe(1);
    health.breaker.auto(2);
    expect(large.admit(2)).toEqual({ kind: 'no', because: 'model_breaker' });
  });
});

test('a target without attempts of its own is scored by its provider’s', () => {
  const health = healthWith();
  attempt(health.model('slow'), 'success', 0, 20, 20_000);
  const idle = health.model('idle');
  expect(idle.score(0)).toBeCloseTo(0.7);
  expect(idle.snapshot(0).status).toBe('unknown');
  attempt(idle, 'success', 0);
  expect(idle.score(0)).toBe(1);
});
