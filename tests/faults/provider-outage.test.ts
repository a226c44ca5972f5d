import { answers, dropsReused, failsWith } from '@gatewayz/testkit';
import { expect, test, vi } from 'vitest';
import { ask } from '../ask.ts';
import { settledMetrics } from '../settled-metrics.ts';
import { startStage } from '../stage.ts';
import { askPlain, askStream, type Chat, expectWholeAnswer, expectWholeStream } from './chat.ts';
import { NO_BREAKER, outcomesOf, SHORT_TIMEOUTS, startFaultStage } from './fault-stage.ts';

const REQUESTS = 200;
const AT_ONCE = 10;
const MAX_AMPLIFICATION = 1.2;

type Gateway = Parameters<typeof askPlain>[0];

/** Makes requests, so many at a time. */
async function askMany(gateway: Gateway, count: number, atOnce: number): Promise<readonly Chat[]> {
  const received: Chat[] = [];
  for (let made = 0; made < count; made += atOnce) {
    const batch = Array.from({ length: atOnce }, () => askPlain(gateway));
    received.push(...(await Promise.all(batch)));
  }
  return received;
}

test('Provider: 100% 5xx → amplification ≤ 1.2×, breaker opens, and the spare answers every request', async () => {
  await using stage = await startFaultStage(
    { large: failsWith(500) },
    { config: { breaker: { openMs: 60_000 }, retries: {} } },
  );
  const { primary, spare } = stage.providers;
  for (const answer of await askMany(stage.gateway, REQUESTS, AT_ONCE)) expectWholeAnswer(answer);
  const attempts = primary.attempts().length + spare.attempts().length;
  expect(attempts / REQUESTS).toBeLessThanOrEqual(MAX_AMPLIFICATION);
  const metrics = await settledMetrics(stage.gateway);
  expect(metrics.value('circuit_breaker_current_state', { provider: 'primary', state: 'open' })).toBe(1);
  expect(metrics.value('provider_availability', { provider: 'primary' })).toBe(0);
  expect(metrics.sum('circuit_breaker_rejected_requests_total', { provider: 'primary' })).toBeGreaterThan(0);
});

test('Provider: 100% 5xx → amplification ≤ 1.2× where there is no other target, or all of them fail', async () => {
  await using stage = await startFaultStage(
    { large: failsWith(500) },
    { spare: { byDefault: failsWith(500) }, config: { breaker: NO_BREAKER, retries: {} } },
  );
  const { primary, spare } = stage.providers;
  const answers = await askMany(stage.gateway, REQUESTS, AT_ONCE);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([502]));
  // Beside a fifth of the requests, the budget holds a floor of one retry a second and a burst of three, and
  // moving on to a target of which nothing bad is known yet is free.
  const attempts = primary.attempts().length + spare.attempts().length;
  expect(attempts).toBeLessThanOrEqual(REQUESTS * MAX_AMPLIFICATION + 2 * AT_ONCE);
  await askMany(stage.gateway, REQUESTS, AT_ONCE);
  const later = primary.attempts().length + spare.attempts().length - attempts;
  expect(later).toBeLessThanOrEqual(REQUESTS * MAX_AMPLIFICATION + 5);
});

test('Provider: 100% 5xx → a spent retry budget does not keep a healthy target from answering', async () => {
  await using stage = await startFaultStage(
    { large: failsWith(500) },
    { config: { breaker: NO_BREAKER, retries: { budgetRatio: 0 } } },
  );
  for (const answer of await askMany(stage.gateway, 20, 1)) expectWholeAnswer(answer);
});

test('Provider: 100% 5xx → recovery through bounded half-open', async () => {
  const breaker = { consecutiveFailures: 5, openMs: 300, halfOpenProbes: 2, closeAfter: 4, jitter: 0 };
  await using stage = await startFaultStage({ large: failsWith(503) }, { config: { breaker } });
  const { primary } = stage.providers;
  await askMany(stage.gateway, 20, 5);
  primary.setScript('large', answers({ delayBeforeHeadersMs: 50 }));
  await vi.waitFor(() => expect(primary.stats().inFlight).toBe(0));
  primary.clear();

  const answered: Chat[] = [];
  await vi.waitFor(
    async () => {
      answered.push(...(await askMany(stage.gateway, AT_ONCE, AT_ONCE)));
      const metrics = await stage.gateway.metrics();
      expect(metrics.value('circuit_breaker_current_state', { provider: 'primary', state: 'closed' })).toBe(
        1,
      );
    },
    { timeout: 10_000, interval: 1 },
  );
  for (const answer of answered) expectWholeAnswer(answer);
  expect(primary.stats().maxInFlight).toBeLessThanOrEqual(2);
  expect((await askPlain(stage.gateway)).provider).toBe('primary');
  const metrics = await settledMetrics(stage.gateway);
  const fromHalfOpen = { provider: 'primary', from_state: 'half_open', to_state: 'closed' };
  expect(metrics.value('circuit_breaker_state_transitions_total', fromHalfOpen)).toBe(1);
});

test('Provider: reset on a reused connection before any byte → one safe retry', async () => {
  await using stage = await startFaultStage(
    { large: dropsReused() },
    { sections: { primary: { maxConnections: 1 } } },
  );
  const { primary, spare } = stage.providers;
  expectWholeAnswer(await askPlain(stage.gateway));
  for (const ask of [() => askPlain(stage.gateway), () => askStream(stage.gateway)]) {
    const answer = await ask();
    if (answer.body.stream === true) expectWholeStream(answer);
    else expectWholeAnswer(answer);
    expect([answer.provider, answer.headers.get('x-gatewayz-attempts')]).toEqual(['primary', '2']);
  }
  expect(primary.attempts().map(({ end }) => end)).toEqual([
    'complete',
    'fault:drop',
    'complete',
    'fault:drop',
    'complete',
  ]);
  expect(spare.attempts()).toHaveLength(0);
  expect(outcomesOf(await settledMetrics(stage.gateway), 'primary')).toEqual({ success: 3, network: 2 });
});

test('Provider: all providers bad at once → least bad is tried, then 503 with Retry-After, liveness stays 200', async () => {
  await using stage = await startStage({
    providers: { one: { byDefault: failsWith(503) }, two: { byDefault: failsWith(503) } },
    config: { breaker: { consecutiveFailures: 2, openMs: 20_000, jitter: 0 }, timeouts: SHORT_TIMEOUTS },
  });
  const { one, two } = stage.providers;
  await askMany(stage.gateway, 20, 1);
  const opened = await settledMetrics(stage.gateway);
  for (const provider of ['one', 'two']) {
    expect(opened.value('circuit_breaker_current_state', { provider, state: 'open' })).toBe(1);
  }
  one.clear();
  two.clear();

  const leastBadBefore = opened.sum('gatewayz_least_bad_attempts_total');
  const answer = await askPlain(stage.gateway);
  expect([answer.status, answer.error?.type]).toEqual([503, 'overloaded_error']);
  const retryAfter = Number(answer.headers.get('retry-after'));
  expect(retryAfter).toBeGreaterThan(0);
  expect(retryAfter).toBeLessThanOrEqual(20);
  expect(one.attempts().length + two.attempts().length).toBe(1);
  const metrics = await settledMetrics(stage.gateway);
  expect(metrics.sum('gatewayz_least_bad_attempts_total')).toBe(leastBadBefore + 1);
  for (const path of ['/health/live', '/health/ready', '/health']) {
    expect((await ask(stage.gateway, { path })).status).toBe(200);
  }

  one.setDefault(answers());
  two.setDefault(answers());
  expectWholeAnswer(await askPlain(stage.gateway));
});

test('Provider: twenty times slower → score falls before errors come', async () => {
  const usual = answers({ delayBeforeHeadersMs: 150 });
  const slow = answers({ delayBeforeHeadersMs: 3000 });
  await using stage = await startStage({
    providers: { only: { byDefault: usual } },
    config: { health: { monitorIntervalMs: 100 } },
  });
  const labels = { provider: 'only' };
  const scores: number[] = [];
  for (const script of [usual, slow]) {
    stage.providers.only.setDefault(script);
    for (const answer of await askMany(stage.gateway, AT_ONCE, AT_ONCE)) expectWholeAnswer(answer);
    const samples = AT_ONCE * (scores.length + 1);
    const metrics = await vi.waitFor(async () => {
      const scraped = await stage.gateway.metrics();
      expect(scraped.value('gatewayz_provider_window_samples', labels)).toBe(samples);
      return scraped;
    });
    scores.push(metrics.value('gatewayz_provider_health_score', labels) ?? Number.NaN);
    expect(metrics.value('provider_error_rate', labels)).toBe(0);
    expect(metrics.value('circuit_breaker_current_state', { ...labels, state: 'closed' })).toBe(1);
  }
  expect(scores[0]).toBe(1);
  // 1 - 0.3 × (3 s - 2 s) ÷ 8 s, give or take what a sketch of latencies may be off.
  expect(scores[1]).toBeGreaterThan(0.94);
  expect(scores[1]).toBeLessThan(0.98);
});
