import { createRegistry } from '@gatewayz/metrics';
import { createManualClock, type ManualClock } from '@gatewayz/testkit';
import { describe, expect, test } from 'vitest';
import { HEALTH_ENDPOINTS } from './health-endpoint.ts';
import { createHealthPoller } from './health-poller.ts';
import type { HealthPollerOptions } from './health-poller-options.ts';
import { createHealthServiceMetrics } from './health-service-metrics.ts';
import {
  allOf,
  createPollerRig,
  createScriptedAnswers,
  type PollerRig,
  refused,
  type ScriptedAnswers,
} from './test-support/poller-rig.ts';

function createRig(
  options: Partial<HealthPollerOptions> = {},
): PollerRig & ScriptedAnswers & { readonly clock: ManualClock } {
  const clock = createManualClock();
  const scripted = createScriptedAnswers(() => clock.now());
  return { clock, ...scripted, ...createPollerRig(clock, { fetchPart: scripted.fetchPart, ...options }) };
}

describe('when it polls', () => {
  test('a start asks all four endpoints at once, and again in every interval', async () => {
    const { poller, clock, asked } = createRig();
    poller.start();
    poller.start();
    expect(asked).toEqual(HEALTH_ENDPOINTS.map((endpoint) => `${endpoint}@0`));
    await clock.advanceAsync(60_000);
    expect(asked.slice(8)).toEqual(HEALTH_ENDPOINTS.map((endpoint) => `${endpoint}@60000`));
    poller.stop();
    await clock.advanceAsync(60_000);
    expect([asked.length, clock.pendingTimers]).toEqual([12, 0]);
  });

  test('polls are jittered, and do not drift under slow answers', async () => {
    const { poller, clock, asked, answers } = createRig({ random: () => 0.5 });
    answers['/health'] = 'hang';
    poller.start();
    await clock.advanceAsync(30_000 * 100);
    const moments = asked.filter((entry) => entry.startsWith('/health')).map((entry) => entry.split('@')[1]);
    expect(moments.slice(0, 3)).toEqual(['0', '31500', '61500']);
    expect(moments.at(-1)).toBe(String(30_000 * 99 + 1500));
    poller.stop();
  });

  test('a poll that is asked for while one runs is that one', async () => {
    const { poller, asked, answers, clock } = createRig();
    answers['/status'] = 'hang';
    const first = poller.pollOnce();
    expect(poller.pollOnce()).toBe(first);
    poller.start();
    expect(asked).toHaveLength(4);
    await clock.advanceAsync(10_000);
    expect((await first).map(({ kind }) => kind)).toEqual(['answered', 'failed', 'answered', 'answered']);
    expect(poller.pollOnce()).not.toBe(first);
    poller.stop();
  });

  test('its own timer keeps no process alive', () => {
    const poller = createHealthPoller({
      url: 'http://127.0.0.1:1',
      intervalMs: 30_000,
      metrics: createHealthServiceMetrics(createRegistry()),
      now: () => performance.now(),
      epochNow: Date.now,
      random: Math.random,
      fetchPart: () => new Promise(() => undefined),
    });
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    poller.start();
    expect(timers()).toBe(before);
    poller.stop();
  });
});

describe('what it shows', () => {
  test('each endpoint is shown when it is there, and waits for no other', async () => {
    const { poller, answers, scraped, clock } = createRig();
    answers['/metrics'] = 'hang';
    const poll = poller.pollOnce();
    await clock.advanceAsync(0);
    expect(await scraped('gatewayz_health_service_up')).toEqual(['1']);
    expect(await scraped('gatewayz_health_tracked_models')).toEqual(['5']);
    expect(await scraped('gatewayz_health_total_models')).toEqual([]);
    await clock.advanceAsync(10_000);
    await poll;
  });

  test('up is there from the first poll, 0 where it fails, and follows /health alone', async () => {
    const { poller, answers, scraped } = createRig();
    expect(await scraped('gatewayz_health_service_up')).toEqual([]);
    expect(poller.snapshot().isUp).toBeNull();
    answers['/health'] = refused();
    await poller.pollOnce();
    expect(await scraped('gatewayz_health_service_up')).toEqual(['0']);
    Object.assign(answers, { ...allOf(refused()), '/health': { status: 'degraded' } });
    await poller.pollOnce();
    expect(await scraped('gatewayz_health_service_up')).toEqual(['1']);
    expect(poller.snapshot().isUp).toBe(true);
  });

  test('the last success is that of the last poll that every endpoint answered', async () => {
    const { poller, answers, scraped, epoch } = createRig();
    answers['/status'] = refused();
    await poller.pollOnce();
    expect(await scraped('gatewayz_health_service_last_successful_scrape')).toEqual([]);
    answers['/status'] = { models_tracked: 5 };
    await poller.pollOnce();
    epoch.nowMs += 30_500;
    await poller.pollOnce();
    epoch.nowMs += 30_000;
    answers['/cache/stats'] = refused();
    await poller.pollOnce();
    expect(await scraped('gatewayz_health_service_last_successful_scrape')).toEqual(['1900000030.5']);
    expect(poller.snapshot().lastSuccessAtMs).toBe(1_900_000_030_500);
  });

  test('every endpoint that fails is counted, at every poll, by its reason', async () => {
    const { poller, answers, scraped } = createRig();
    await poller.pollOnce();
    expect(await scraped('gatewayz_health_service_scrape_errors_total')).toEqual(['0']);
    Object.assign(answers, { '/status': refused(), '/metrics': [], '/cache/stats': new Error('odd') });
    await poller.pollOnce();
    const results = await poller.pollOnce();
    expect(await scraped('gatewayz_health_service_scrape_errors_total')).toEqual(['6']);
    expect(
      (await scraped('gatewayz_health_poll_errors_total')).filter((line) => !line.endsWith(' 0')),
    ).toEqual(['/status refused 2', '/metrics invalid 2', '/cache/stats network 2']);
    expect(results[1]).toEqual({
      endpoint: '/status',
      kind: 'failed',
      reason: 'refused',
      detail: 'connection refused',
    });
  });

  test('the time to each answer and failure is observed', async () => {
    const { poller, answers, registry, clock } = createRig();
    answers['/metrics'] = 'hang';
    const poll = poller.pollOnce();
    await clock.advanceAsync(10_000);
    await poll;
    const sums = [...registry.samples('gatewayz_health_poll_duration_seconds')].filter(({ name }) =>
      name.endsWith('_sum'),
    );
    expect(sums.map(({ labels, value }) => [labels.endpoint, value])).toEqual([
      ['/health', 0],
      ['/status', 0],
      ['/metrics', 10],
      ['/cache/stats', 0],
    ]);
  });
});
