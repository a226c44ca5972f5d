import { answers, failsWith, type Metrics } from '@gatewayz/testkit';
import { expect, test, vi } from 'vitest';
import { ask } from '../ask.ts';
import { settledMetrics } from '../settled-metrics.ts';
import { askPlain, type Chat, expectWholeAnswer } from './chat.ts';
import { outcomesOf, startFaultStage } from './fault-stage.ts';

const ADMIN_TOKEN = 'token-of-the-operator';
const DOWN_MS = 2000;
const OPEN_MS = 200;
const MAX_OPEN_MS = 800;

function transitions(metrics: Metrics, to: string): number {
  return metrics.sum('circuit_breaker_state_transitions_total', { provider: 'primary', to_state: to });
}

test('a provider that is down for a time and comes back is left alone meanwhile and used again soon', async () => {
  const breaker = {
    consecutiveFailures: 3,
    openMs: OPEN_MS,
    maxOpenMs: MAX_OPEN_MS,
    jitter: 0,
    closeAfter: 2,
  };
  await using stage = await startFaultStage({ large: answers() }, { config: { breaker, retries: {} } });
  const { primary } = stage.providers;
  expect((await askPlain(stage.gateway)).provider).toBe('primary');

  primary.clear();
  primary.setScript('large', failsWith(503));
  const downUntil = performance.now() + DOWN_MS;
  const whileDown: Chat[] = [];
  while (performance.now() < downUntil) {
    whileDown.push(...(await Promise.all([1, 2, 3, 4].map(() => askPlain(stage.gateway)))));
  }
  for (const answer of whileDown) {
    expectWholeAnswer(answer);
    expect(answer.provider).toBe('spare');
  }
  const down = await settledMetrics(stage.gateway);
  const halfOpens = transitions(down, 'half_open');
  expect(halfOpens).toBeGreaterThan(0);
  // Until the breaker opened, those three and what was under way beside them; then one a half-open.
  expect(primary.attempts().length).toBeLessThanOrEqual(3 + 3 + halfOpens);
  expect(primary.attempts().length).toBeLessThan(whileDown.length / 4);

  primary.setScript('large', answers());
  const healedAt = performance.now();
  primary.clear();
  await vi.waitFor(
    async () => {
      const answer = await askPlain(stage.gateway);
      expectWholeAnswer(answer);
      expect(answer.provider).toBe('primary');
    },
    { timeout: 10_000, interval: 10 },
  );
  // One open interval, and no more than a busy machine adds to it.
  expect(performance.now() - healedAt).toBeLessThan(MAX_OPEN_MS + 1000);
  for (let request = 0; request < 5; request += 1) {
    expect((await askPlain(stage.gateway)).provider).toBe('primary');
  }
});

test('a provider whose port is closed for a time loses no request either', async () => {
  const breaker = { consecutiveFailures: 3, openMs: OPEN_MS, maxOpenMs: MAX_OPEN_MS };
  await using stage = await startFaultStage({ large: answers() }, { config: { breaker, retries: {} } });
  const { primary } = stage.providers;
  const answered: Chat[] = [];
  for (const act of [() => undefined, () => primary.stop(), () => primary.start()]) {
    await act();
    for (let request = 0; request < 40; request += 1) answered.push(await askPlain(stage.gateway));
  }
  for (const answer of answered) expectWholeAnswer(answer);
  await vi.waitFor(async () => expect((await askPlain(stage.gateway)).provider).toBe('primary'), {
    timeout: 10_000,
    interval: 20,
  });
});

test('one broken model does not take out the whole provider', async () => {
  const breaker = { consecutiveFailures: 4, minimumSamples: 4, openMs: 60_000 };
  await using stage = await startFaultStage(
    { broken: failsWith(503), sound: answers() },
    { config: { breaker, retries: {} } },
  );
  const models = ['sound', ...Array<string>(10).fill('broken'), ...Array<string>(10).fill('sound')];
  for (const model of models) {
    const answer = await askPlain(stage.gateway, { model });
    expectWholeAnswer(answer);
    expect(answer.provider).toBe(model === 'broken' ? 'spare' : 'primary');
  }
  expect(stage.providers.primary.attempts('broken')).toHaveLength(4);
  const metrics = await settledMetrics(stage.gateway);
  expect(metrics.value('circuit_breaker_current_state', { provider: 'primary', state: 'closed' })).toBe(1);
  expect(transitions(metrics, 'open')).toBe(0);
});

test('an operator forces a breaker open, closed and back, and it holds', async () => {
  const breaker = { consecutiveFailures: 2, openMs: 100, maxOpenMs: 100, jitter: 0, closeAfter: 1 };
  await using stage = await startFaultStage(
    { large: answers() },
    { config: { breaker, retries: {} }, gateway: { env: { ADMIN_TOKEN } } },
  );
  const { primary } = stage.providers;
  const force = async (state: string): Promise<void> => {
    const { status } = await ask(stage.gateway, {
      path: '/admin/providers/primary/breaker',
      headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
      body: { state, reason: 'a drill' },
    });
    expect(status).toBe(200);
  };
  const providers = async (count: number): Promise<ReadonlySet<string | null>> => {
    const seen = new Set<string | null>();
    for (let request = 0; request < count; request += 1) {
      const answer = await askPlain(stage.gateway);
      expectWholeAnswer(answer);
      seen.add(answer.provider);
    }
    return seen;
  };

  await force('forced_open');
  const until = performance.now() + 500;
  while (performance.now() < until) expect(await providers(5)).toEqual(new Set(['spare']));
  expect(primary.attempts()).toHaveLength(0);

  await force('forced_closed');
  primary.setScript('large', failsWith(503));
  await providers(20);
  expect(primary.attempts()).toHaveLength(20);

  primary.setScript('large', answers());
  await force('auto');
  await vi.waitFor(async () => expect(await providers(3)).toEqual(new Set(['primary'])));
  const metrics = await settledMetrics(stage.gateway);
  expect(outcomesOf(metrics, 'primary').provider_error).toBe(20);
  expect(
    metrics.value('gatewayz_circuit_breaker_opens_total', { provider: 'primary', reason: 'forced_open' }),
  ).toBe(1);
});

test('where an operator has taken every target out, a request is refused without an attempt', async () => {
  await using stage = await startFaultStage({ large: answers() }, { gateway: { env: { ADMIN_TOKEN } } });
  for (const name of ['primary', 'spare']) {
    await ask(stage.gateway, {
      path: `/admin/providers/${name}/breaker`,
      headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
      body: { state: 'forced_open' },
    });
  }
  const answer = await askPlain(stage.gateway);
  expect([answer.status, answer.error?.code]).toEqual([503, 'no_target_available']);
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(stage.providers.primary.attempts().length + stage.providers.spare.attempts().length).toBe(0);
});
