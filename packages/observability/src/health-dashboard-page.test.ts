import {
  createProviderHealth,
  type Outcome,
  type ProviderHealth,
  type TargetHealth,
} from '@gatewayz/provider-health';
import { describe, expect, test } from 'vitest';
import { type DashboardProvider, toHealthDashboard, type WatchedProvider } from './health-dashboard-page.ts';
import { createHourCounts } from './hour-counts.ts';

/** Monotonic 60 s is this moment. */
const EPOCH_MS = Date.UTC(2025, 0, 2, 3, 4, 5);
const NOW_MS = 60_000;

function watch(health: ProviderHealth): WatchedProvider {
  return { health, hour: createHourCounts() };
}

function healthOf(provider: string): ProviderHealth {
  return createProviderHealth({ provider, random: () => 0 });
}

function attempt(target: TargetHealth, outcome: Outcome, times = 1, latencyMs = 100): void {
  for (let i = 0; i < times; i++) {
    const admission = target.admit(NOW_MS);
    if (admission.kind !== 'no') target.record(admission, outcome, latencyMs, NOW_MS);
  }
}

function show(health: ProviderHealth, nowMs = NOW_MS): DashboardProvider {
  const [provider] = toHealthDashboard([watch(health)], nowMs, EPOCH_MS + nowMs - NOW_MS).providers;
  if (provider === undefined) throw new Error('no provider is shown');
  return provider;
}

describe('a provider', () => {
  test('that was never tried is unknown, available, without errors, its times null', () => {
    const { models, breaker_history, ...provider } = show(healthOf('groq'));
    expect(provider).toEqual({
      name: 'groq',
      status: 'unknown',
      availability: 1,
      error_rate: 0,
      health_score: 100,
      sample_count: 0,
      circuit_breaker_state: 'closed',
      breaker: { kind: 'closed', reason: null, since: null, until: null },
      cool_off: null,
      avg_response_time_ms: null,
      p50_response_time_ms: null,
      p95_response_time_ms: null,
      p99_response_time_ms: null,
      requests_last_hour: 0,
      errors_last_hour: 0,
    });
    expect([models, breaker_history]).toEqual([[], []]);
  });

  test('with traffic shows its window and its hour, each its own', () => {
    const watched = watch(healthOf('groq'));
    attempt(watched.health.model('large'), 'success', 3, 200);
    attempt(watched.health.model('large'), 'network');
    for (const outcome of ['success', 'timeout', 'rate_limited'] as const) watched.hour.record(outcome, 0);
    const [provider] = toHealthDashboard([watched], NOW_MS, EPOCH_MS).providers;
    expect(provider).toMatchObject({
      status: 'healthy',
      error_rate: 0.25,
      health_score: 92.5,
      sample_count: 4,
      avg_response_time_ms: 200,
      requests_last_hour: 3,
      errors_last_hour: 1,
    });
    for (const share of ['p50', 'p95', 'p99'] as const) {
      const milliseconds = provider?.[`${share}_response_time_ms`] ?? 0;
      expect(Math.abs(milliseconds - 200)).toBeLessThanOrEqual(8);
      expect(Number(milliseconds.toFixed(1))).toBe(milliseconds);
    }
  });

  test('whose breaker is open says why, since when, and until when', () => {
    const health = healthOf('groq');
    attempt(health.model('large'), 'provider_error', 5);
    expect(show(health, NOW_MS + 1_000)).toMatchObject({
      status: 'down',
      availability: 0,
      health_score: 30,
      circuit_breaker_state: 'open',
      breaker: {
        kind: 'open',
        reason: 'consecutive_failures',
        since: '2025-01-02T03:04:05.000Z',
        until: '2025-01-02T03:04:35.000Z',
      },
    });
    expect(show(health, NOW_MS + 30_000)).toMatchObject({
      availability: 1,
      circuit_breaker_state: 'half_open',
      breaker: { kind: 'half_open', reason: null, since: '2025-01-02T03:04:35.000Z', until: null },
    });
  });

  test('that an operator forced shows the operator’s words', () => {
    const health = healthOf('groq');
    health.breaker.forceOpen('key is being replaced', NOW_MS);
    expect(show(health)).toMatchObject({
      circuit_breaker_state: 'open',
      breaker: {
        kind: 'forced',
        reason: 'key is being replaced',
        since: '2025-01-02T03:04:05.000Z',
        until: null,
      },
    });
  });

  test('that cools off says why and until when, at its models too', () => {
    const health = healthOf('groq');
    health.model('large').coolOff(5_000, 'rate_limited', NOW_MS);
    expect(show(health).cool_off).toBeNull();
    expect(show(health).models[0]?.cool_off).toEqual({
      reason: 'rate_limited',
      until: '2025-01-02T03:04:10.000Z',
    });
    health.endCoolOff();
    health.model('large').endCoolOff();
    health.coolOff(10_000, 'credentials', NOW_MS);
    const expected = { reason: 'credentials', until: '2025-01-02T03:04:15.000Z' };
    expect(show(health)).toMatchObject({ cool_off: expected, models: [{ cool_off: expected }] });
  });

  test('shows its models, the broken one as down and the others as they do', () => {
    const health = healthOf('groq');
    health.model('never');
    attempt(health.model('good'), 'success', 2);
    attempt(health.model('bad'), 'provider_error', 5);
    const shown = show(health);
    expect(shown).toMatchObject({ status: 'degraded', circuit_breaker_state: 'closed', sample_count: 7 });
    expect(
      shown.models.map((model) => [model.name, model.status, model.error_rate, model.sample_count]),
    ).toEqual([
      ['never', 'unknown', 0, 0],
      ['good', 'healthy', 0, 2],
      ['bad', 'down', 1, 5],
    ]);
    expect(shown.models.map((model) => model.circuit_breaker_state)).toEqual(['closed', 'closed', 'open']);
    expect(shown.models.map((model) => model.health_score)).toEqual([78.6, 100, 30]);
  });
});

describe('the page', () => {
  test('counts each provider in one status and takes the mean of the scores', () => {
    const [good, slow, broken] = [healthOf('good'), healthOf('slow'), healthOf('broken')];
    attempt(good.model('large'), 'success');
    attempt(slow.model('large'), 'success', 1, 60_000);
    attempt(broken.model('large'), 'network', 5);
    const page = toHealthDashboard([good, slow, broken, healthOf('new')].map(watch), NOW_MS, EPOCH_MS);
    expect(page.summary).toEqual({
      total_providers: 4,
      healthy: 1,
      degraded: 1,
      down: 1,
      unknown: 1,
      overall_health_score: 75,
    });
    expect(page.providers.map(({ health_score }) => health_score)).toEqual([100, 70, 30, 100]);
  });

  test('without providers has no score', () => {
    expect(toHealthDashboard([], NOW_MS, EPOCH_MS)).toEqual({
      timestamp: '2025-01-02T03:04:05.000Z',
      providers: [],
      summary: {
        total_providers: 0,
        healthy: 0,
        degraded: 0,
        down: 0,
        unknown: 0,
        overall_health_score: null,
      },
    });
  });

  test('a time beyond what can be written does not break the page', () => {
    const health = createProviderHealth({
      provider: 'groq',
      random: () => 0,
      maxCoolOffMs: Number.MAX_VALUE,
    });
    health.coolOff(Number.MAX_VALUE, 'credentials', NOW_MS);
    expect(show(health).cool_off?.until).toBe('+275760-09-13T00:00:00.000Z');
  });
});
