import { createManualClock, type ManualClock } from '@gatewayz/testkit';
import { describe, expect, test } from 'vitest';
import type { HealthPollerOptions } from './health-poller-options.ts';
import {
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

describe('what it tells', () => {
  test('an update once, and again after a poll that failed', async () => {
    const { poller, answers, events } = createRig();
    await poller.pollOnce();
    await poller.pollOnce();
    expect(events).toEqual([{ kind: 'updated' }]);
    answers['/status'] = refused();
    await poller.pollOnce();
    answers['/status'] = { models_tracked: 5 };
    await poller.pollOnce();
    expect(events.map(({ kind }) => kind)).toEqual(['updated', 'failed', 'updated']);
  });

  test('a failure once for as long as its reason lasts', async () => {
    const { poller, answers, events } = createRig();
    answers['/status'] = refused();
    for (let poll = 0; poll < 10; poll++) await poller.pollOnce();
    answers['/status'] = 'nonsense';
    for (let poll = 0; poll < 10; poll++) await poller.pollOnce();
    expect(events).toEqual([
      { kind: 'failed', endpoint: '/status', reason: 'refused', detail: 'connection refused' },
      { kind: 'failed', endpoint: '/status', reason: 'invalid', detail: 'no JSON object' },
    ]);
  });

  test('gauges that are gone once an outage', async () => {
    const { poller, answers, events } = createRig();
    await poller.pollOnce();
    answers['/status'] = refused();
    for (let poll = 0; poll < 10; poll++) await poller.pollOnce();
    expect(events.map(({ kind }) => kind)).toEqual(['updated', 'failed', 'expired']);
  });

  test('bad entries once for as long as there are any', async () => {
    const { poller, answers, events, scraped } = createRig();
    answers['/status'] = { models_tracked: 5, providers_tracked: null };
    await poller.pollOnce();
    await poller.pollOnce();
    answers['/status'] = { models_tracked: 5 };
    await poller.pollOnce();
    answers['/status'] = { models_tracked: 5, providers_tracked: '3', gateways_tracked: -1 };
    const results = await poller.pollOnce();
    expect(events.filter(({ kind }) => kind === 'dropped')).toEqual([
      { kind: 'dropped', endpoint: '/status', entries: 1 },
      { kind: 'dropped', endpoint: '/status', entries: 2 },
    ]);
    expect(results[1]).toEqual({ endpoint: '/status', kind: 'answered', dropped: 2 });
    expect((await scraped('gatewayz_health_dropped_entries_total'))[1]).toBe('/status 4');
  });

  test('a listener that throws harms nothing', async () => {
    const { poller, scraped } = createRig({
      onEvent: () => {
        throw new Error('broken listener');
      },
    });
    expect((await poller.pollOnce()).every(({ kind }) => kind === 'answered')).toBe(true);
    expect(await scraped('gatewayz_health_service_up')).toEqual(['1']);
  });
});
