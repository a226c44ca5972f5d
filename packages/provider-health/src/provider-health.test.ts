import { describe, expect, test } from 'vitest';
import type { Outcome } from './outcome.ts';
import {
  createProviderHealth,
  type HealthTransition,
  OTHER_MODEL,
  type ProviderHealth,
  type ProviderHealthOptions,
} from './provider-health.ts';
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

describe('whose breaker opens', () => {
  test('one broken model opens its own breaker and leaves the provider and its other models alone', () => {
    const health = healthWith();
    const [large, small] = [health.model('large'), health.model('small')];
    expect(attempt(large, 'provider_error', 0, 100)).toBe(5);
    expect(large.admit(0)).toEqual({ kind: 'no', because: 'model_breaker' });
    expect(health.breaker.visibleState(0)).toBe('closed');
    expect(small.admit(0).kind).toBe('yes');
    expect(large.snapshot(0)).toMatchObject({ status: 'down', availability: 0 });
    expect(health.snapshot(0)).toMatchObject({ availability: 1, breakerState: 'closed' });
  });

  test('one failure of a second model in a run is chance, two are the provider', () => {
    const health = healthWith();
    const [large, small] = [health.model('large'), health.model('small')];
    attempt(large, 'provider_error', 0, 5);
    attempt(small, 'network', 0);
    expect(health.breaker.visibleState(0)).toBe('closed');
    attempt(small, 'network', 0);
    expect(health.breaker.state(0)).toMatchObject({ kind: 'open', reason: 'consecutive_failures' });
    expect(small.admit(0)).toEqual({ kind: 'no', because: 'provider_breaker' });
    expect(health.model('never used').admit(0)).toEqual({ kind: 'no', because: 'provider_breaker' });
  });

  test('a success of any model ends the run', () => {
    const health = healthWith();
    const [large, small] = [health.model('large'), health.model('small')];
    attempt(large, 'timeout', 0, 5);
    attempt(small, 'timeout', 0);
    attempt(small, 'success', 0);
    attempt(small, 'timeout', 0, 5);
    expect(small.breaker.visibleState(0)).toBe('open');
    expect(health.breaker.visibleState(0)).toBe('closed');
  });

  test('with a single model, the provider fails with it', () => {
    const health = healthWith();
    const only = health.model('only');
    attempt(only, 'provider_error', 0, 5);
    expect(health.breaker.visibleState(0)).toBe('open');
    expect(health.snapshot(0)).toMatchObject({ status: 'down', availability: 0 });
    expect(attempt(only, 'success', 30_000, 2)).toBe(2);
    expect([health.breaker.visibleState(30_000), only.breaker.visibleState(30_000)]).toEqual([
      'closed',
      'closed',
    ]);
  });

  test('a failure ratio that one model makes alone is not the provider’s, one that the others share is', () => {
    const breaker = { consecutiveFailures: 1000, minimumSamples: 20 };
    const confined = healthWith({ breaker: { ...breaker, minimumSamples: 30 } });
    const [bad, good] = [confined.model('bad'), confined.model('good')];
    for (let i = 0; i < 29; i++) attempt(bad, 'provider_error', i);
    for (let i = 0; i < 20; i++) attempt(good, i < 17 ? 'success' : 'provider_error', 30 + i);
    expect(confined.errorRate(50)).toBeGreaterThan(0.5);
    expect(confined.breaker.visibleState(50)).toBe('closed');

    const shared = healthWith({ breaker });
    const pair = [shared.model('a'), shared.model('b')];
    for (let i = 0; i < 10; i++) {
      for (const target of pair) attempt(target, i % 2 === 0 ? 'success' : 'provider_error', i);
    }
    expect(shared.breaker.state(10)).toMatchObject({ kind: 'open', reason: 'failure_ratio' });
  });

  test.each<Outcome>(['caller', 'rate_limited', 'credentials', 'client_closed', 'gateway'])(
    'the outcome %s opens nothing, however often',
    (outcome) => {
      const health = healthWith();
      const only = health.model('only');
      expect(attempt(only, outcome, 0, 1000)).toBe(1000);
      expect(health.snapshot(0)).toMatchObject({
        availability: 1,
        score: 1,
        window: { errorRate: 0, samples: 1000 },
      });
    },
  );

  test('a model that is forgotten counts no longer', () => {
    const health = healthWith();
    const only = health.model('only');
    health.model('gone');
    expect(health.forgetModel('gone')).toBe(true);
    expect(health.forgetModel('gone')).toBe(false);
    expect([...health.models()]).toEqual([only]);
    attempt(only, 'provider_error', 0, 5);
    expect(health.breaker.visibleState(0)).toBe('open');
  });
});

describe('a provider’s snapshot', () => {
  test('knows nothing at first: available, without errors or samples, unknown', () => {
    expect(healthWith().snapshot(0)).toMatchObject({
      model: null,
      status: 'unknown',
      availability: 1,
      score: 1,
      window: { samples: 0, errorRate: 0 },
    });
  });

  test('adds up the attempts of all its models', () => {
    const health = healthWith();
    attempt(health.model('a'), 'success', 0, 6);
    attempt(health.model('b'), 'success', 0, 3);
    attempt(health.model('b'), 'timeout', 0);
    const { window, score, status } = health.snapshot(0);
    expect(window).toMatchObject({ samples: 10, succeeded: 9, failed: 1, errorRate: 0.1 });
    expect(score).toBeCloseTo(0.97);
    expect(health.score(0)).toBe(score);
    expect(status).toBe('healthy');
  });

  test('scores a slow provider down before it fails', () => {
    const health = healthWith();
    attempt(health.model('a'), 'success', 0, 20, 20_000);
    expect(health.snapshot(0)).toMatchObject({
      status: 'degraded',
      availability: 1,
      window: { errorRate: 0 },
    });
  });

  test('is down after three failed probes and known after one', () => {
    const health = healthWith();
    health.recordProbe(true, 0);
    expect(health.snapshot(0).status).toBe('healthy');
    for (const nowMs of [1, 2, 3]) health.recordProbe(false, nowMs);
    expect(health.snapshot(3)).toMatchObject({ status: 'down', availability: 0, breakerState: 'closed' });
    expect(health.model('a').score(3)).toBeCloseTo(0.6);
  });

  test('forgets after five minutes', () => {
    const health = healthWith();
    attempt(health.model('a'), 'success', 0, 10);
    expect(health.snapshot(300_000)).toMatchObject({ status: 'unknown', window: { samples: 0 } });
  });
});

test('models over the cap share one target', () => {
  const health = healthWith({ maxModels: 2 });
  const [a, b] = [health.model('a'), health.model('b')];
  expect(health.model('c')).toBe(health.model('d'));
  expect(health.model('c').model).toBe(OTHER_MODEL);
  expect([health.model('a'), health.model('b')]).toEqual([a, b]);
  expect([...health.models()]).toHaveLength(3);
});

test('changes are told with the provider and the model, and a listener that throws harms nothing', () => {
  const heard: HealthTransition[] = [];
  const health = healthWith({
    onTransition(transition) {
      heard.push(transition);
      throw new Error('sink is full');
    },
  });
  attempt(health.model('only'), 'provider_error', 7, 5);
  expect(
    heard.map(({ provider, model, to, reason, atMs }) => [provider, model, to.kind, reason, atMs]),
  ).toEqual([
    ['groq', 'only', 'open', 'consecutive_failures', 7],
    ['groq', null, 'open', 'consecutive_failures', 7],
  ]);
});

test('bad options throw when the provider is made, with the value received', () => {
  expect(() => healthWith({ maxModels: 0 })).toThrow(/maxModels .* received 0/);
  expect(() => healthWith({ windowMs: -1 })).toThrow(/windowMs .* received -1/);
  expect(() => healthWith({ breaker: { openMs: 0 } })).toThrow(/openMs .* received 0/);
});
