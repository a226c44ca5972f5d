import { createRegistry, type Registry } from '@gatewayz/metrics';
import {
  createProviderHealth,
  type Outcome,
  type ProviderHealth,
  type TargetHealth,
} from '@gatewayz/provider-health';
import { describe, expect, test } from 'vitest';
import { createProviderMetrics } from './provider-metrics.ts';
import { createProviderMonitor, type ProviderMonitor } from './provider-monitor.ts';

interface Rig {
  readonly monitor: ProviderMonitor;
  readonly registry: Registry;
  readonly errors: string[];
  readonly timer: { run: (() => void) | null; intervalMs: number; started: number };
  readonly clock: { nowMs: number };
  provider(name: string): ProviderHealth;
  /** The samples of one metric that are not 0, as label values and number. */
  nonZero(name: string): readonly string[];
  counts(): readonly number[];
}

function createRig(...names: readonly string[]): Rig {
  const registry = createRegistry({ selfMetrics: false });
  const clock = { nowMs: 0 };
  const timer: Rig['timer'] = { run: null, intervalMs: 0, started: 0 };
  const errors: string[] = [];
  const providers = names.map((provider) =>
    createProviderHealth({ provider, random: () => 0, onTransition: (change) => monitor.changed(change) }),
  );
  const monitor: ProviderMonitor = createProviderMonitor({
    providers,
    metrics: createProviderMetrics(registry),
    intervalMs: 30_000,
    now: () => clock.nowMs,
    schedule(run, intervalMs) {
      Object.assign(timer, { run, intervalMs, started: timer.started + 1 });
      return () => {
        timer.run = null;
      };
    },
    onError: (error, provider) => errors.push(`${provider}: ${String(error)}`),
  });
  const samples = (name: string): readonly number[] => [...registry.samples(name)].map(({ value }) => value);
  return {
    monitor,
    registry,
    errors,
    timer,
    clock,
    provider(name) {
      const found = providers.find(({ provider }) => provider === name);
      if (found === undefined) throw new Error(`no provider ${name}`);
      return found;
    },
    nonZero: (name) =>
      [...registry.samples(name)]
        .filter(({ value }) => value !== 0)
        .map(({ labels, value }) => `${Object.values(labels).join(' ')} ${value}`),
    counts: () =>
      ['total', 'healthy', 'degraded', 'down'].flatMap((name) => samples(`gatewayz_providers_${name}`)),
  };
}

function attempt(target: TargetHealth, outcome: Outcome, nowMs: number, times = 1, latencyMs = 100): void {
  for (let i = 0; i < times; i++) {
    const admission = target.admit(nowMs);
    if (admission.kind !== 'no') target.record(admission, outcome, latencyMs, nowMs);
  }
}

describe('ticks', () => {
  test('a start shows every provider at once, untried ones as available and without errors or samples', () => {
    const { monitor, nonZero, registry, counts } = createRig('groq', 'spare');
    monitor.start();
    expect(nonZero('provider_availability')).toEqual(['groq 1', 'spare 1']);
    expect(nonZero('gatewayz_provider_health_score')).toEqual(['groq 1', 'spare 1']);
    for (const name of ['provider_error_rate', 'gatewayz_provider_window_samples']) {
      expect([...registry.samples(name)].map(({ value }) => value)).toEqual([0, 0]);
    }
    expect(nonZero('gatewayz_circuit_breaker_state')).toEqual(['groq closed 1', 'spare closed 1']);
    expect(counts()).toEqual([2, 2, 0, 0]);
  });

  test('each tick shows what the window holds then, until everything has left it', () => {
    const { monitor, provider, nonZero, timer, clock } = createRig('groq');
    monitor.start();
    expect(timer.intervalMs).toBe(30_000);
    const large = provider('groq').model('large');
    attempt(large, 'success', 0, 3, 6_000);
    attempt(large, 'provider_error', 0, 1);
    attempt(large, 'caller', 0, 1);
    expect(nonZero('provider_error_rate')).toEqual([]);
    timer.run?.();
    expect(nonZero('provider_error_rate')).toEqual(['groq 0.25']);
    expect(nonZero('gatewayz_provider_window_samples')).toEqual(['groq 5']);
    const score = provider('groq').score(0);
    expect(score).toBeLessThan(0.8);
    expect(nonZero('gatewayz_provider_health_score')).toEqual([`groq ${score}`]);
    expect(nonZero('provider_health_score')).toEqual([`groq ${100 * score}`]);
    clock.nowMs = 600_000;
    timer.run?.();
    expect(nonZero('provider_error_rate')).toEqual([]);
    expect(nonZero('gatewayz_provider_window_samples')).toEqual([]);
    expect(nonZero('provider_health_score')).toEqual(['groq 100']);
  });

  test('every provider is counted in one status, one that nobody tried as healthy', () => {
    const { monitor, provider, counts } = createRig('untried', 'good', 'slow', 'broken');
    attempt(provider('good').model('large'), 'success', 0);
    attempt(provider('slow').model('large'), 'success', 0, 1, 20_000);
    for (let probe = 0; probe < 3; probe++) provider('broken').recordProbe(false, 0);
    monitor.tick();
    expect(counts()).toEqual([4, 2, 1, 1]);
  });

  test('a provider that cannot be read stops no other, is reported, and counts in no status', () => {
    const { monitor, provider, nonZero, errors, counts } = createRig('groq', 'spare');
    monitor.start();
    provider('groq').snapshot = () => {
      throw new Error('broken');
    };
    attempt(provider('spare').model('large'), 'success', 0);
    monitor.tick();
    expect(errors).toEqual(['groq: Error: broken']);
    expect(nonZero('gatewayz_provider_window_samples')).toEqual(['spare 1']);
    expect(counts()).toEqual([2, 1, 0, 0]);
  });

  test('started twice it has one timer, and stopped it has none', () => {
    const { monitor, timer } = createRig('groq');
    monitor.start();
    monitor.start();
    expect(timer.started).toBe(1);
    monitor.stop();
    expect(timer.run).toBeNull();
    monitor.stop();
    monitor.start();
    expect(timer.started).toBe(2);
  });

  test('its own timer keeps no process alive', () => {
    const monitor = createProviderMonitor({
      providers: [],
      metrics: createProviderMetrics(createRegistry()),
      intervalMs: 30_000,
      now: () => 0,
    });
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    monitor.start();
    expect(timers()).toBe(before);
    monitor.stop();
  });

  test.each([0, -1, Number.NaN, 2 ** 31])('an interval of %d ms is refused', (intervalMs) => {
    const metrics = createProviderMetrics(createRegistry());
    expect(() => createProviderMonitor({ providers: [], metrics, intervalMs, now: () => 0 })).toThrow(
      `not ${intervalMs}`,
    );
  });
});

describe('changes of a breaker', () => {
  test('a change is counted and sets the gauges of its provider and the counts without a tick', () => {
    const { provider, nonZero, counts } = createRig('groq');
    attempt(provider('groq').model('large'), 'provider_error', 0, 5);
    expect(nonZero('circuit_breaker_state_transitions_total')).toEqual(['groq closed open 1']);
    expect(nonZero('gatewayz_circuit_breaker_state')).toEqual(['groq open 1']);
    expect(nonZero('circuit_breaker_current_state')).toEqual(['groq open 1']);
    expect(nonZero('provider_availability')).toEqual([]);
    expect(nonZero('gatewayz_provider_window_samples')).toEqual(['groq 5']);
    expect(counts()).toEqual([1, 0, 0, 1]);
  });

  test('an open breaker whose time is over is found half-open by the next tick, and counted once', () => {
    const { monitor, provider, nonZero, clock, counts } = createRig('groq');
    attempt(provider('groq').model('large'), 'provider_error', 0, 5);
    clock.nowMs = 30_000;
    monitor.tick();
    expect(nonZero('circuit_breaker_state_transitions_total')).toEqual([
      'groq closed open 1',
      'groq open half_open 1',
    ]);
    expect(nonZero('gatewayz_circuit_breaker_state')).toEqual(['groq half_open 1']);
    expect(nonZero('gatewayz_model_circuit_breaker_state')).toEqual(['groq large half_open 1']);
    expect(counts()).toEqual([1, 0, 1, 0]);
  });

  test('a model’s breaker is shown as its own and leaves its provider available', () => {
    const { provider, nonZero } = createRig('groq');
    provider('groq').model('small');
    attempt(provider('groq').model('large'), 'provider_error', 0, 5);
    expect(nonZero('gatewayz_model_circuit_breaker_state')).toEqual(['groq large open 1']);
    expect(nonZero('gatewayz_circuit_breaker_opens_total')).toEqual([]);
    expect(nonZero('provider_availability')).toEqual(['groq 1']);
    expect(nonZero('gatewayz_circuit_breaker_state')).toEqual(['groq closed 1']);
  });

  test('a model that its provider no longer lists is shown no more from the next tick on', () => {
    const { monitor, provider, nonZero } = createRig('groq');
    attempt(provider('groq').model('large'), 'provider_error', 0, 5);
    provider('groq').forgetModel('large');
    monitor.tick();
    expect(nonZero('gatewayz_model_circuit_breaker_state')).toEqual([]);
  });

  test('a model that was forgotten and listed again is shown as its new breaker stands', () => {
    const { monitor, provider, nonZero } = createRig('groq');
    attempt(provider('groq').model('large'), 'provider_error', 0, 5);
    provider('groq').forgetModel('large');
    provider('groq').model('large');
    monitor.tick();
    expect(nonZero('gatewayz_model_circuit_breaker_state')).toEqual(['groq large closed 1']);
  });
});
