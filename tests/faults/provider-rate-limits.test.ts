import { answers, type FailureOptions, failsWith, type Script } from '@gatewayz/testkit';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { ask } from '../ask.ts';
import { settledMetrics } from '../settled-metrics.ts';
import { askPlain, expectWholeAnswer } from './chat.ts';
import { type FaultStage, outcomesOf, startFaultStage } from './fault-stage.ts';

const UNKNOWN_WAIT_MS = 5000;
const LONGEST_WAIT_MS = 600_000;

function limits(options: FailureOptions): readonly Script[] {
  return [failsWith(429, options), answers()];
}

let stage: FaultStage;

beforeAll(async () => {
  stage = await startFaultStage({
    seconds: limits({ retryAfter: 1 }),
    date: limits({ retryAfter: new Date(Date.now() + 60_000).toUTCString() }),
    'past-date': limits({ retryAfter: new Date(Date.now() - 60_000).toUTCString() }),
    ms: limits({ retryAfterMs: 400 }),
    negative: limits({ retryAfter: -5 }),
    garbage: limits({ retryAfter: 'soon' }),
    huge: limits({ retryAfter: '99999999999999' }),
    quota: limits({
      headers: { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '1m30s' },
    }),
    short: limits({ retryAfterMs: 300 }),
    long: limits({ retryAfter: 60 }),
  });
});

afterAll(() => stage.close());

interface Model {
  readonly name: string;
  readonly circuit_breaker_state: string;
  readonly error_rate: number;
  readonly cool_off: { readonly reason: string; readonly until: string } | null;
}

/** The primary's model as the dashboard, which is made anew each second, shows it. */
async function shownModel(name: string): Promise<Model> {
  return vi.waitFor(
    async () => {
      const { json } = await ask(stage.gateway, { path: '/health/dashboard' });
      const [primary] = (json as { providers: { models: Model[] }[] }).providers;
      const model = primary?.models.find((entry) => entry.name === name);
      if (model === undefined) throw new Error(`The dashboard does not show ${name} yet`);
      return model;
    },
    { timeout: 5000, interval: 100 },
  );
}

/** The spare answers, the primary rests without being called broken; resolves to the end of its rest. */
async function expectRest(model: string): Promise<number> {
  for (let request = 0; request < 3; request += 1) {
    const answer = await askPlain(stage.gateway, { model });
    expectWholeAnswer(answer);
    expect(answer.provider).toBe('spare');
  }
  expect(stage.providers.primary.attempts(model)).toHaveLength(1);
  const metrics = await settledMetrics(stage.gateway);
  expect(outcomesOf(metrics, 'primary', model)).toEqual({ rate_limited: 1 });
  expect(metrics.value('provider_error_rate', { provider: 'primary' })).toBe(0);
  expect(metrics.sum('circuit_breaker_failures_total', { provider: 'primary' })).toBe(0);
  expect(metrics.value('circuit_breaker_current_state', { provider: 'primary', state: 'closed' })).toBe(1);
  const shown = await shownModel(model);
  expect(shown).toMatchObject({ circuit_breaker_state: 'closed', error_rate: 0 });
  expect(shown.cool_off?.reason).toBe('rate_limited');
  return Date.parse(shown.cool_off?.until ?? '');
}

/** The moment at which the primary answered 429. */
function limitedAt(model: string): number {
  return stage.providers.primary.attempts(model)[0]?.receivedAtEpochMs ?? Number.NaN;
}

async function expectBackInUse(model: string): Promise<number> {
  await vi.waitFor(async () => expect((await askPlain(stage.gateway, { model })).provider).toBe('primary'), {
    timeout: 10_000,
    interval: 20,
  });
  const [first, second] = stage.providers.primary.attempts(model);
  return (second?.receivedAtMs ?? 0) - (first?.receivedAtMs ?? 0);
}

test('Provider: 429 with Retry-After in seconds → honoured, out of rotation and back, not a breaker failure', async () => {
  await expectRest('seconds');
  expect(await expectBackInUse('seconds')).toBeGreaterThanOrEqual(1000);
});

test('Provider: 429 with retry-after-ms → honoured, out of rotation and back', async () => {
  const model = 'ms';
  expectWholeAnswer(await askPlain(stage.gateway, { model }));
  expect(stage.providers.primary.attempts(model)).toHaveLength(1);
  expect(await expectBackInUse(model)).toBeGreaterThanOrEqual(400);
});

test('Provider: 429 with Retry-After as a date → honoured', async () => {
  const until = await expectRest('date');
  expect(Math.abs(until - limitedAt('date') - 60_000)).toBeLessThan(15_000);
});

test('Provider: 429 with Retry-After as a date → one that is past asks for no rest', async () => {
  const answers = [];
  for (let request = 0; request < 2; request += 1) {
    answers.push(await askPlain(stage.gateway, { model: 'past-date' }));
  }
  expect(answers.map(({ status, provider }) => [status, provider])).toEqual([
    [200, 'spare'],
    [200, 'primary'],
  ]);
});

test('Provider: 429 with Retry-After huge → capped', async () => {
  const restMs = (await expectRest('huge')) - limitedAt('huge');
  expect(restMs).toBeGreaterThan(LONGEST_WAIT_MS - 1000);
  expect(restMs).toBeLessThan(LONGEST_WAIT_MS + 1000);
});

test.each([
  ['Provider: 429 with Retry-After negative → a short rest of our own', 'negative', UNKNOWN_WAIT_MS],
  ['Provider: 429 with Retry-After garbage → a short rest of our own', 'garbage', UNKNOWN_WAIT_MS],
  [
    'Provider: 429 with Retry-After in seconds → without it, the quota says when it is filled again',
    'quota',
    90_000,
  ],
])('%s', async (_, model, expectedMs) => {
  const restMs = (await expectRest(model)) - limitedAt(model);
  expect(Math.abs(restMs - expectedMs)).toBeLessThan(1000);
});

test('Provider: 429 with retry-after-ms → with no other target, a short wait is waited for', async () => {
  const answer = await askPlain(stage.gateway, { model: 'primary/short' });
  expectWholeAnswer(answer);
  expect(answer.headers.get('x-gatewayz-attempts')).toBe('2');
  const [first, second] = stage.providers.primary.attempts('short');
  expect((second?.receivedAtMs ?? 0) - (first?.receivedAtMs ?? 0)).toBeGreaterThanOrEqual(300);
});

test('Provider: 429 with Retry-After in seconds → with no other target, a long wait is the client’s to wait', async () => {
  const answer = await askPlain(stage.gateway, { model: 'primary/long' });
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '60']);
  expect(answer.error?.type).toBe('rate_limit_error');
  expect(stage.providers.primary.attempts('long')).toHaveLength(1);
});

test('credentials that are refused take the whole provider out, and it is not called broken', async () => {
  await using other = await startFaultStage({
    first: failsWith(401),
    second: answers(),
    third: failsWith(403),
  });
  const { primary } = other.providers;
  expect((await askPlain(other.gateway, { model: 'third' })).provider).toBe('spare');
  expect((await askPlain(other.gateway, { model: 'second' })).provider).toBe('primary');
  expect((await askPlain(other.gateway, { model: 'first' })).provider).toBe('spare');
  expect((await askPlain(other.gateway, { model: 'second' })).provider).toBe('spare');
  expect(primary.attempts()).toHaveLength(3);
  const metrics = await settledMetrics(other.gateway);
  expect(outcomesOf(metrics, 'primary')).toEqual({ credentials: 2, success: 1 });
  expect(metrics.value('circuit_breaker_current_state', { provider: 'primary', state: 'closed' })).toBe(1);
});
