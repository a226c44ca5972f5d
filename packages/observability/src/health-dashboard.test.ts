import { createProviderHealth, type ProviderHealth } from '@gatewayz/provider-health';
import { expect, test } from 'vitest';
import { createHealthDashboard, type HealthDashboard } from './health-dashboard.ts';
import type { DashboardProvider, HealthDashboardPage } from './health-dashboard-page.ts';
import { createHourCounts, type HourCounts } from './hour-counts.ts';

interface Rig {
  readonly dashboard: HealthDashboard;
  readonly health: ProviderHealth;
  readonly hour: HourCounts;
  readonly clock: { nowMs: number };
  page(): DashboardProvider;
}

function createRig(): Rig {
  const clock = { nowMs: 0 };
  const hour = createHourCounts();
  const health = createProviderHealth({
    provider: 'groq',
    random: () => 0,
    onTransition: (transition) => dashboard.changed(transition),
  });
  const dashboard: HealthDashboard = createHealthDashboard({
    providers: [{ health, hour }],
    now: () => clock.nowMs,
    epochNow: () => Date.UTC(2025, 0, 1) + clock.nowMs,
  });
  return {
    dashboard,
    health,
    hour,
    clock,
    page() {
      const { providers } = JSON.parse(dashboard.json()) as HealthDashboardPage;
      const [provider] = providers;
      if (provider === undefined) throw new Error('no provider is shown');
      return provider;
    },
  };
}

function failModel(health: ProviderHealth, model: string, nowMs: number): void {
  const target = health.model(model);
  for (let attempt = 0; attempt < 5; attempt++) {
    const admission = target.admit(nowMs);
    if (admission.kind !== 'no') target.record(admission, 'provider_error', 100, nowMs);
  }
}

test('a page is kept for less than a second and then made anew', () => {
  const { dashboard, hour, clock, page } = createRig();
  clock.nowMs = 5_000;
  const first = dashboard.json();
  hour.record('success', clock.nowMs);
  clock.nowMs = 5_999;
  expect(dashboard.json()).toBe(first);
  clock.nowMs = 6_000;
  expect(page().requests_last_hour).toBe(1);
  expect(JSON.parse(dashboard.json())).toMatchObject({ timestamp: '2025-01-01T00:00:06.000Z' });
});

test('a change of a provider’s breaker is on the next page, a model’s waits for its second', () => {
  const { health, clock, page } = createRig();
  health.model('small');
  expect(page().circuit_breaker_state).toBe('closed');
  health.breaker.forceOpen('maintenance', 0);
  expect(page().circuit_breaker_state).toBe('open');
  health.breaker.forceClosed('good again', 0);
  expect(page().circuit_breaker_state).toBe('closed');
  failModel(health, 'large', 0);
  expect(page().models.map((model) => model.circuit_breaker_state)).toEqual(['closed']);
  clock.nowMs = 1_000;
  expect(page().models.map((model) => model.circuit_breaker_state)).toEqual(['closed', 'open']);
});

test('the history tells when, what and why, oldest first, models and operators included', () => {
  const { health, clock, page } = createRig();
  health.model('small');
  failModel(health, 'large', 0);
  clock.nowMs = 2_500;
  health.breaker.forceOpen('maintenance', clock.nowMs);
  expect(page().breaker_history).toEqual([
    {
      at: '2025-01-01T00:00:00.000Z',
      model: 'large',
      from: 'closed',
      to: 'open',
      reason: 'consecutive_failures',
      note: null,
    },
    {
      at: '2025-01-01T00:00:02.500Z',
      model: null,
      from: 'closed',
      to: 'open',
      reason: 'forced_open',
      note: 'maintenance',
    },
  ]);
});

test('a breaker that becomes half-open while the page is made is in its history already', () => {
  const { health, clock, page } = createRig();
  failModel(health, 'large', 0);
  clock.nowMs = 30_000;
  const { circuit_breaker_state, breaker_history } = page();
  expect(circuit_breaker_state).toBe('half_open');
  expect(breaker_history.map(({ model, to }) => [model, to])).toEqual([
    ['large', 'open'],
    [null, 'open'],
    [null, 'half_open'],
    ['large', 'half_open'],
  ]);
});

test('the last twenty changes are kept', () => {
  const { health, page } = createRig();
  for (let change = 1; change <= 25; change++) health.breaker.forceOpen(`change ${change}`, 0);
  const notes = page().breaker_history.map(({ note }) => note);
  expect([notes.length, notes[0], notes[19]]).toEqual([20, 'change 6', 'change 25']);
});

test('a change of a provider that is not shown is left aside', () => {
  const { dashboard, page } = createRig();
  const stranger = createProviderHealth({
    provider: 'stranger',
    random: () => 0,
    onTransition: (transition) => dashboard.changed(transition),
  });
  stranger.breaker.forceOpen('maintenance', 0);
  expect(page().breaker_history).toEqual([]);
});
