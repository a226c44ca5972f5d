import { createRegistry, type Registry } from '@gatewayz/metrics';
import {
  type BreakerState,
  createProviderHealth,
  type HealthTransition,
  type TransitionReason,
} from '@gatewayz/provider-health';
import { beforeEach, describe, expect, test } from 'vitest';
import { createProviderMetrics, type ProviderMetrics } from './provider-metrics.ts';

let registry: Registry;
let metrics: ProviderMetrics;

beforeEach(() => {
  registry = createRegistry({ selfMetrics: false });
  metrics = createProviderMetrics(registry);
});

async function scrape(): Promise<readonly string[]> {
  return (await registry.render()).toString().trimEnd().split('\n');
}

/** The samples of one metric that are not 0, as label values and number. */
function nonZero(name: string): readonly string[] {
  return [...registry.samples(name)]
    .filter(({ value }) => value !== 0)
    .map(({ labels, value }) => `${Object.values(labels).join(' ')} ${value}`);
}

const closed: BreakerState = { kind: 'closed', consecutiveFailures: 0 };
const open: BreakerState = {
  kind: 'open',
  reason: 'failure_ratio',
  sinceMs: 0,
  untilMs: 30_000,
  opensInRow: 1,
};
const forced = (position: 'open' | 'closed'): BreakerState => ({
  kind: 'forced',
  position,
  reason: 'maintenance',
  sinceMs: 0,
});

function change(
  from: BreakerState,
  to: BreakerState,
  reason: TransitionReason,
  model: string | null = null,
): HealthTransition {
  return { provider: 'groq', model, from, to, reason, atMs: 0 };
}

describe('what the first scrape shows', () => {
  test('a provider has every series whose labels are known, in the state of one that was never tried', async () => {
    metrics.provider('groq');
    const lines = (await scrape()).filter((line) => line.includes('groq') && !line.includes('_bucket'));
    const states = (name: string, values: readonly [number, number, number]): string[] =>
      ['closed', 'open', 'half_open'].map(
        (state, index) => `${name}{provider="groq",state="${state}"} ${values[index]}.0`,
      );
    const transitions = [
      ['closed', 'open'],
      ['closed', 'half_open'],
      ['open', 'closed'],
      ['open', 'half_open'],
      ['half_open', 'closed'],
      ['half_open', 'open'],
    ].map(
      ([from, to]) =>
        `circuit_breaker_state_transitions_total{provider="groq",from_state="${from}",to_state="${to}"} 0.0`,
    );
    const opens = [
      'consecutive_failures',
      'failure_ratio',
      'half_open_failure',
      'forced_open',
      'restored',
    ].map((reason) => `gatewayz_circuit_breaker_opens_total{provider="groq",reason="${reason}"} 0.0`);
    expect(lines).toEqual([
      'provider_availability{provider="groq"} 1.0',
      'provider_error_rate{provider="groq"} 0.0',
      'provider_response_time_seconds_sum{provider="groq"} 0.0',
      'provider_response_time_seconds_count{provider="groq"} 0.0',
      'gatewayz_provider_health_score{provider="groq"} 1.0',
      'provider_health_score{provider="groq"} 100.0',
      'gatewayz_provider_window_samples{provider="groq"} 0.0',
      ...states('gatewayz_circuit_breaker_state', [1, 0, 0]),
      ...states('circuit_breaker_current_state', [1, 0, 0]),
      ...transitions,
      ...states('circuit_breaker_failures_total', [0, 0, 0]),
      ...states('circuit_breaker_successes_total', [0, 0, 0]),
      'circuit_breaker_rejected_requests_total{provider="groq"} 0.0',
      ...opens,
    ]);
  });

  test('the response time has the bounds of the contract', async () => {
    metrics.provider('groq');
    const bounds = (await scrape()).flatMap((line) => /_bucket\{.*le="([^"]+)"/.exec(line)?.[1] ?? []);
    expect(bounds).toEqual(['0.1', '0.5', '1.0', '2.0', '2.5', '5.0', '10.0', '30.0', '+Inf']);
  });
});

describe('attempts', () => {
  test('a provider is made once, so that its counts add up', () => {
    metrics.provider('groq').rejected();
    metrics.provider('groq').rejected();
    expect(metrics.provider('groq')).toBe(metrics.provider('groq'));
    expect(nonZero('circuit_breaker_rejected_requests_total')).toEqual(['groq 2']);
  });

  test('verdicts are counted by the state of the breaker', () => {
    const groq = metrics.provider('groq');
    groq.judged('success', 'closed');
    groq.judged('failure', 'half_open');
    groq.judged('failure', 'half_open');
    expect(nonZero('circuit_breaker_successes_total')).toEqual(['groq closed 1']);
    expect(nonZero('circuit_breaker_failures_total')).toEqual(['groq half_open 2']);
  });

  test('a response time is observed in seconds', () => {
    metrics.provider('groq').responded(1.5);
    const samples = [...registry.samples('provider_response_time_seconds')];
    const value = (le: string): number | undefined => samples.find(({ labels }) => labels.le === le)?.value;
    expect([value('1.0'), value('2.0')]).toEqual([0, 1]);
    expect(samples.find(({ name }) => name.endsWith('_sum'))?.value).toBe(1.5);
  });

  test('a slow attempt is counted once, at the worst severity that it went beyond', () => {
    const groq = metrics.provider('groq');
    for (const seconds of [0.1, 30, 30.1, 45, 45.1, 60, 60.1, 600, Number.NaN]) groq.slow('large', seconds);
    expect(nonZero('provider_slow_requests_total')).toEqual([
      'groq large slow 2',
      'groq large very_slow 2',
      'groq large critical 2',
    ]);
  });

  test('an attempt for want of anything better is counted at its target', () => {
    metrics.leastBad('groq', 'large');
    metrics.leastBad('groq', 'large');
    expect(nonZero('gatewayz_least_bad_attempts_total')).toEqual(['groq large 2']);
  });
});

describe('gauges', () => {
  test('the values of a provider are set, the score under both of its names and units', () => {
    metrics
      .provider('groq')
      .set({ availability: 0, errorRate: 0.25, score: 0.5, samples: 12, state: 'half_open' });
    expect(nonZero('provider_availability')).toEqual([]);
    expect(nonZero('provider_error_rate')).toEqual(['groq 0.25']);
    expect(nonZero('gatewayz_provider_health_score')).toEqual(['groq 0.5']);
    expect(nonZero('provider_health_score')).toEqual(['groq 50']);
    expect(nonZero('gatewayz_provider_window_samples')).toEqual(['groq 12']);
    expect(nonZero('gatewayz_circuit_breaker_state')).toEqual(['groq half_open 1']);
    expect(nonZero('circuit_breaker_current_state')).toEqual(['groq half_open 1']);
  });

  test('the numbers of providers are set', () => {
    metrics.counts({ total: 6, healthy: 3, degraded: 2, down: 1 });
    const names = ['total', 'healthy', 'degraded', 'down'].map((name) => `gatewayz_providers_${name}`);
    expect(names.map((name) => [...registry.samples(name)].map(({ value }) => value))).toEqual([
      [6],
      [3],
      [2],
      [1],
    ]);
  });
});

describe('changes of a breaker', () => {
  test('the whole life of a provider’s breaker is counted by the states that can be seen, opens by reason', () => {
    const health = createProviderHealth({
      provider: 'groq',
      random: () => 0,
      onTransition: (transition) => metrics.provider('groq').transition(transition),
    });
    const { breaker } = health;
    const end = (verdict: 'success' | 'failure', nowMs: number): void => {
      const permit = breaker.tryAcquire(nowMs);
      if (permit !== null) breaker.end(permit, verdict, nowMs);
    };
    for (let attempt = 0; attempt < 5; attempt++) end('failure', 0);
    end('failure', 30_000);
    end('success', 90_000);
    end('success', 90_000);
    breaker.forceOpen('maintenance', 90_000);
    breaker.auto(90_000);
    breaker.forceClosed('good again', 90_000);
    expect(nonZero('circuit_breaker_state_transitions_total')).toEqual([
      'groq closed open 2',
      'groq open half_open 3',
      'groq half_open closed 2',
      'groq half_open open 1',
    ]);
    expect(nonZero('gatewayz_circuit_breaker_opens_total')).toEqual([
      'groq consecutive_failures 1',
      'groq half_open_failure 1',
      'groq forced_open 1',
    ]);
  });

  test('a change that cannot be seen is not counted', () => {
    const groq = metrics.provider('groq');
    groq.transition(change(closed, forced('closed'), 'forced_closed'));
    groq.transition(change(open, forced('open'), 'forced_open'));
    groq.transition(change(open, forced('open'), 'forced_open', 'large'));
    expect(nonZero('circuit_breaker_state_transitions_total')).toEqual([]);
    expect(nonZero('gatewayz_circuit_breaker_opens_total')).toEqual([]);
    expect(nonZero('gatewayz_model_circuit_breaker_state')).toEqual([]);
  });

  test('a model’s open shows as its own state, and as no open or transition of its provider', () => {
    metrics.provider('groq').transition(change(closed, open, 'failure_ratio', 'large'));
    expect(nonZero('gatewayz_model_circuit_breaker_state')).toEqual(['groq large open 1']);
    expect(nonZero('gatewayz_circuit_breaker_opens_total')).toEqual([]);
    expect(nonZero('circuit_breaker_state_transitions_total')).toEqual([]);
    expect(nonZero('gatewayz_circuit_breaker_state')).toEqual(['groq closed 1']);
  });

  test('a model’s breaker is shown from the first time that it leaves closed', () => {
    const groq = metrics.provider('groq');
    const shown = (): readonly string[] =>
      [...registry.samples('gatewayz_model_circuit_breaker_state')].map(
        ({ labels, value }) => `${labels.model} ${labels.state} ${value}`,
      );
    groq.modelState('large', 'closed');
    expect(shown()).toEqual([]);
    groq.transition(change(closed, open, 'failure_ratio', 'large'));
    expect(shown()).toEqual(['large closed 0', 'large open 1', 'large half_open 0']);
    groq.transition(change(open, closed, 'restored', 'large'));
    expect(shown()).toEqual(['large closed 1', 'large open 0', 'large half_open 0']);
  });

  test('models that are gone are shown no more, and start afresh when they come back', () => {
    const groq = metrics.provider('groq');
    groq.modelState('large', 'open');
    groq.modelState('small', 'half_open');
    groq.keepModels(new Set(['small']));
    groq.modelState('large', 'closed');
    expect(nonZero('gatewayz_model_circuit_breaker_state')).toEqual(['groq small half_open 1']);
    groq.modelState('large', 'open');
    expect(nonZero('gatewayz_model_circuit_breaker_state')).toContain('groq large open 1');
  });
});
