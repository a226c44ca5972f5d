import { afterEach, describe, expect, test } from 'vitest';
import { createObservability, type Observability } from './create-observability.ts';
import type { InferenceEnd } from './inference-call.ts';
import type { ObservabilityOptions } from './observability-options.ts';

const opened: Observability[] = [];
afterEach(() => {
  for (const observability of opened.splice(0)) observability.close();
});

function open(options: ObservabilityOptions = {}): Observability {
  const observability = createObservability({ env: {}, processMetrics: false, ...options });
  opened.push(observability);
  return observability;
}

function sum({ registry }: Observability, name: string, labels: Record<string, string> = {}): number {
  const family = name.replace(/_(?:count|sum|bucket)$/, '');
  let total = 0;
  for (const sample of registry.samples(family)) {
    const fits = Object.entries(labels).every(([label, value]) => sample.labels[label] === value);
    if (sample.name === name && fits) total += sample.value;
  }
  return total;
}

const target = { provider: 'groq', model: 'small' };
const whole: InferenceEnd = { outcome: 'success' };

describe('an inference', () => {
  test('that succeeded counts as a request, as an attempt and as a sample of its provider', () => {
    const observability = open();
    observability.inference({ ...target, endpoint: '/chat' }).end(whole);
    expect(sum(observability, 'model_inference_requests_total', { ...target, status: 'success' })).toBe(1);
    expect(sum(observability, 'gatewayz_attempts_total', { ...target, outcome: 'success' })).toBe(1);
    expect(sum(observability, 'model_inference_duration_seconds_count', target)).toBe(1);
    expect(sum(observability, 'circuit_breaker_successes_total', { provider: 'groq' })).toBe(1);
    observability.providers.monitor?.tick();
    expect(sum(observability, 'gatewayz_provider_window_samples', { provider: 'groq' })).toBe(1);
  });

  test('counts what it used, what it cost and what it was charged, and nothing where that is not known', () => {
    const observability = open();
    const usage = { inputTokens: 5, outputTokens: 3 };
    observability.inference(target).end({ ...whole, usage, costUsd: 0.25, credits: 2 });
    const nonsense = { inputTokens: 'many', outputTokens: -1 } as unknown as typeof usage;
    observability.inference(target).end({ ...whole, usage: nonsense, costUsd: Number.NaN, credits: null });
    expect(sum(observability, 'tokens_used_total', { ...target, token_type: 'input' })).toBe(5);
    expect(sum(observability, 'tokens_used_total', { ...target, token_type: 'output' })).toBe(3);
    expect(sum(observability, 'gatewayz_cost_by_provider_total')).toBe(0.25);
    expect(sum(observability, 'gatewayz_api_cost_usd_total', target)).toBe(0.25);
    expect(sum(observability, 'gatewayz_api_cost_per_request_usd_count', target)).toBe(1);
    expect(sum(observability, 'credits_used_total', target)).toBe(2);
  });

  test('without a price has no series of money', () => {
    const observability = open();
    observability.inference(target).end(whole);
    expect([...observability.registry.samples('gatewayz_cost_by_provider_total')]).toEqual([]);
    expect([...observability.registry.samples('credits_used_total')]).toEqual([]);
  });

  test.each([
    ['success', 'complete'],
    ['timeout', 'stalled'],
    ['client_closed', 'client_closed'],
    ['provider_error', 'truncated'],
  ] as const)('that streamed and ended as %s counts its stream as %s', (outcome, end) => {
    const observability = open();
    const call = observability.inference({ ...target, endpoint: '/chat' });
    call.firstByte();
    call.firstChunk();
    call.firstChunk();
    call.chunk();
    call.end({ outcome });
    expect(sum(observability, 'gatewayz_streams_total', { ...target, end })).toBe(1);
    expect(sum(observability, 'time_to_first_chunk_seconds_count', target)).toBe(1);
    expect(sum(observability, 'streaming_duration_seconds_count', { ...target, endpoint: '/chat' })).toBe(1);
    expect(sum(observability, 'gatewayz_time_per_output_chunk_seconds_count', target)).toBe(1);
    expect(sum(observability, 'backend_ttfb_seconds_count', { ...target, endpoint: '/chat' })).toBe(1);
  });

  test('can be ended once: a second end is refused and counted', () => {
    const observability = open();
    const call = observability.inference(target);
    expect([call.end(whole), call.end({ outcome: 'timeout' })]).toEqual([true, false]);
    call.chunk();
    expect(sum(observability, 'model_inference_requests_total')).toBe(1);
    expect(sum(observability, 'gatewayz_attempts_total', { outcome: 'timeout' })).toBe(0);
    expect(sum(observability, 'gatewayz_module_errors_total', { place: 'ended_twice' })).toBe(1);
  });

  test('that fails over is two attempts, one failover and one request, at the target that answered', () => {
    const observability = open();
    const first = observability.inference(target);
    const second = first.failOver('timeout', { provider: 'spare', model: 'small' });
    expect(first.end(whole)).toBe(false);
    expect(second.end(whole)).toBe(true);
    expect(sum(observability, 'gatewayz_attempts_total')).toBe(2);
    const labels = { model: 'small', from_provider: 'groq', to_provider: 'spare', reason: 'timeout' };
    expect(sum(observability, 'gatewayz_failovers_total', labels)).toBe(1);
    expect(sum(observability, 'model_inference_requests_total')).toBe(1);
    expect(sum(observability, 'model_inference_requests_total', { provider: 'spare' })).toBe(1);
  });

  test('with an outcome that does not exist counts as a failure of our own', () => {
    const observability = open();
    observability.inference(target).end({ outcome: 'great' as 'success' });
    expect(sum(observability, 'gatewayz_attempts_total', { ...target, outcome: 'gateway' })).toBe(1);
    expect(sum(observability, 'gatewayz_module_errors_total', { place: 'inference' })).toBe(1);
  });

  test.each([[undefined], [null], [{}], [{ provider: 7, model: 'x'.repeat(1000) }]])(
    'that is begun with %j harms nobody',
    (start) => {
      const observability = open();
      const call = observability.inference(start as unknown as typeof target);
      expect(() => call.end(undefined as unknown as InferenceEnd)).not.toThrow();
      expect(() => call.failOver('timeout', undefined as unknown as typeof target)).not.toThrow();
      for (const { labels } of observability.registry.samples('gatewayz_attempts_total')) {
        expect(labels).toMatchObject({ provider: 'other', model: 'other' });
      }
    },
  );
});

describe('what is told apart', () => {
  test('are as many providers as are allowed, and the rest together', () => {
    const observability = open({ maxProviders: 2 });
    for (const provider of ['a', 'b', 'c', 'd']) observability.inference({ ...target, provider }).end(whole);
    expect(observability.providers.names()).toEqual(['a', 'b', 'other']);
    expect(sum(observability, 'model_inference_requests_total', { provider: 'other' })).toBe(2);
  });

  test('are as many models as are allowed, and the rest together', () => {
    const observability = open({ maxTargets: 2 });
    for (const model of ['a', 'b', 'c', 'd', 'a']) observability.inference({ ...target, model }).end(whole);
    expect(sum(observability, 'model_inference_requests_total', { model: 'a' })).toBe(2);
    expect(sum(observability, 'model_inference_requests_total', { model: 'other' })).toBe(2);
  });

  test('are endpoints, up to a bound', () => {
    const observability = open();
    for (let number = 0; number < 500; number += 1) {
      const call = observability.inference({ ...target, endpoint: `/raw/${number}` });
      call.firstByte();
      call.end(whole);
    }
    const endpoints = new Set<string | undefined>();
    for (const { labels } of observability.registry.samples('backend_ttfb_seconds')) {
      endpoints.add(labels.endpoint);
    }
    expect(endpoints.size).toBe(201);
    expect(sum(observability, 'backend_ttfb_seconds_count', { endpoint: 'other' })).toBe(300);
  });
});

describe('the breaker of a provider', () => {
  const breaker = { consecutiveFailures: 2 };

  function fail(observability: Observability, times: number): void {
    for (let time = 0; time < times; time += 1) {
      observability.inference(target).end({ outcome: 'provider_error' });
    }
  }

  test('opens by failures, refuses from then on, counts that, and tells its listeners', () => {
    const observability = open({ breaker });
    const ofGroq = observability.breaker('groq');
    const told: string[] = [];
    ofGroq.onChange(() => {
      throw new Error('a listener that fails');
    });
    const forget = ofGroq.onChange(({ model, from, to }) => told.push(`${model}: ${from} to ${to}`));
    expect([ofGroq.allow(), ofGroq.state()]).toEqual([true, 'closed']);
    fail(observability, 2);
    expect([ofGroq.allow(), ofGroq.state(), ofGroq.state('small')]).toEqual([false, 'open', 'open']);
    expect(told.toSorted()).toEqual(['null: closed to open', 'small: closed to open']);
    expect(sum(observability, 'circuit_breaker_rejected_requests_total', { provider: 'groq' })).toBe(1);
    expect(sum(observability, 'gatewayz_circuit_breaker_state', { provider: 'groq', state: 'open' })).toBe(1);
    expect(sum(observability, 'gatewayz_module_errors_total', { place: 'listener' })).toBe(2);
    forget();
    observability.breaker('cerebras');
    expect(observability.breaker('cerebras').allow()).toBe(true);
  });

  test('half-open has one place, which the next inference takes', async () => {
    const observability = open({ breaker: { ...breaker, openMs: 1, maxOpenMs: 1 } });
    const ofGroq = observability.breaker('groq');
    fail(observability, 2);
    await expect.poll(() => ofGroq.allow('small'), { interval: 2 }).toBe(true);
    const probe = observability.inference(target);
    expect(ofGroq.allow('small')).toBe(false);
    probe.end(whole);
    expect(ofGroq.allow('small')).toBe(true);
  });

  test('lets a provider rest that limits requests, without calling it broken', () => {
    const observability = open();
    observability.inference(target).end({ outcome: 'rate_limited', retryAfterMs: 60_000 });
    const ofGroq = observability.breaker('groq');
    expect([ofGroq.allow('small'), ofGroq.allow('large'), ofGroq.state()]).toEqual([false, true, 'closed']);
    observability.inference(target).end({ outcome: 'credentials' });
    expect(ofGroq.allow('large')).toBe(false);
  });

  test('shows in the dashboard', () => {
    const observability = open({ breaker, providers: ['groq', 'spare'] });
    fail(observability, 2);
    const page = JSON.parse(observability.providers.dashboard.json());
    const shown = page.providers.map(({ name, circuit_breaker_state: state }: Record<string, string>) => [
      name,
      state,
    ]);
    expect(shown).toEqual([
      ['groq', 'open'],
      ['spare', 'closed'],
    ]);
    expect(page.providers[0].requests_last_hour).toBe(2);
    expect(sum(observability, 'gatewayz_providers_down')).toBe(1);
  });
});
