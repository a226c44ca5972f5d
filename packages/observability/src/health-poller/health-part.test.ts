import { createManualClock, type ManualClock } from '@gatewayz/testkit';
import { describe, expect, test } from 'vitest';
import type { HealthPollerOptions } from './health-poller-options.ts';
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

describe('how long it shows it', () => {
  test('an endpoint that fails leaves its gauges as they are for two polls, and at the third they are gone', async () => {
    const { poller, answers, scraped, clock, events } = createRig();
    poller.start();
    await clock.advanceAsync(0);
    answers['/metrics'] = refused();
    await clock.advanceAsync(60_000);
    expect(poller.snapshot().parts['/metrics']).toMatchObject({ ageSeconds: 60, missedPolls: 2 });
    expect(await scraped('gatewayz_health_total_models')).toEqual(['6']);
    await clock.advanceAsync(30_000);
    for (const name of ['gatewayz_health_total_models', 'gatewayz_health_status_distribution']) {
      expect([name, await scraped(name)]).toEqual([name, []]);
    }
    expect(await scraped('gatewayz_health_tracked_models')).toEqual(['5']);
    expect(poller.snapshot().parts['/metrics']).toEqual({
      reading: null,
      ageSeconds: 90,
      missedPolls: 3,
      failure: { reason: 'refused', detail: 'connection refused' },
    });
    expect(events.at(-1)).toEqual({ kind: 'expired', endpoint: '/metrics', ageSeconds: 90 });
    answers['/metrics'] = { total_models: 7 };
    await clock.advanceAsync(30_000);
    expect(await scraped('gatewayz_health_total_models')).toEqual(['7']);
    poller.stop();
  });

  test('the age is that of the moment of the scrape, and goes on where the gauges are gone', async () => {
    const { poller, answers, scraped, clock } = createRig();
    poller.start();
    await clock.advanceAsync(0);
    Object.assign(answers, { ...allOf(refused()), '/health': { status: 'healthy' } });
    await clock.advanceAsync(45_500);
    expect(await scraped('gatewayz_health_data_age_seconds')).toEqual([
      '/health 15.5',
      '/status 45.5',
      '/metrics 45.5',
      '/cache/stats 45.5',
    ]);
    await clock.advanceAsync(300_000);
    expect((await scraped('gatewayz_health_data_age_seconds'))[1]).toBe('/status 345.5');
    poller.stop();
  });

  test('no gauge is older than three intervals, though polls take their time to fail', async () => {
    const { poller, answers, scraped, clock } = createRig();
    poller.start();
    await clock.advanceAsync(0);
    answers['/status'] = 'hang';
    await clock.advanceAsync(90_000);
    expect(await scraped('gatewayz_health_tracked_models')).toEqual(['5']);
    clock.advance(1);
    expect(poller.snapshot().parts['/status'].missedPolls).toBe(2);
    expect(await scraped('gatewayz_health_tracked_models')).toEqual([]);
    poller.stop();
  });

  test('an endpoint that never answered has no age', async () => {
    const { poller, answers, scraped } = createRig();
    Object.assign(answers, allOf(refused()));
    await poller.pollOnce();
    expect(await scraped('gatewayz_health_data_age_seconds')).toEqual([]);
    expect(poller.snapshot().parts['/status']).toMatchObject({ reading: null, ageSeconds: null });
  });

  test('stopped it shows nothing that would grow old, and a poll that was running counts for nothing', async () => {
    const { poller, answers, scraped, clock, signals } = createRig();
    poller.start();
    await clock.advanceAsync(0);
    answers['/metrics'] = 'hang';
    await clock.advanceAsync(30_000);
    const running = poller.pollOnce();
    poller.stop();
    expect((await running).map(({ kind }) => kind)).toEqual(['answered', 'answered', 'stopped', 'answered']);
    expect(signals.map(({ aborted }) => aborted)).toEqual([...Array(6).fill(false), true, false]);
    for (const name of ['service_up', 'tracked_models', 'status_distribution', 'data_age_seconds']) {
      expect([name, await scraped(`gatewayz_health_${name}`)]).toEqual([name, []]);
    }
    expect(await scraped('gatewayz_health_service_scrape_errors_total')).toEqual(['0']);
    expect(poller.snapshot()).toMatchObject({ isUp: null, parts: { '/metrics': { reading: null } } });
    answers['/metrics'] = { total_models: 8 };
    poller.start();
    await clock.advanceAsync(0);
    expect(await scraped('gatewayz_health_total_models')).toEqual(['8']);
    poller.stop();
  });
});
