import {
  createManualClock,
  type FakeHealthService,
  type HealthScript,
  type ManualClock,
  startFakeHealthService,
} from '@gatewayz/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HEALTH_ENDPOINTS } from './health-endpoint.ts';
import type { HealthPartResult } from './health-poller.ts';
import { HEALTHY_GAUGES, readPartGauges } from './test-support/part-gauges.ts';
import { createPollerRig, type PollerRig } from './test-support/poller-rig.ts';

let service: FakeHealthService;
let clock: ManualClock;
let rig: PollerRig;

beforeEach(async () => {
  clock = createManualClock();
  service = await startFakeHealthService({ clock });
  rig = createPollerRig(clock, { url: `${service.url}/` });
});
afterEach(async () => {
  rig.poller.stop();
  await service.close();
});

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setImmediate(resolve));
}

/** The next poll, at its moment, to its end; where endpoints hang, after `forMs` more. */
async function nextPoll(forMs = 0): Promise<readonly HealthPartResult[]> {
  clock.advance(30_000 - (clock.now() % 30_000));
  const poll = rig.poller.pollOnce();
  if (forMs > 0) {
    await until(() => service.stats().open === HEALTH_ENDPOINTS.length);
    clock.advance(forMs);
  }
  return poll;
}

function scriptAll(script: HealthScript): void {
  for (const path of HEALTH_ENDPOINTS) service.setScript(path, script);
}

test('after one poll of a healthy service all 17 metrics are there, each with the value that it reports', async () => {
  await rig.poller.pollOnce();
  expect(await readPartGauges(rig)).toEqual(HEALTHY_GAUGES);
  expect(await rig.value('gatewayz_health_service_up')).toBe(1);
  expect(await rig.value('gatewayz_health_service_last_successful_scrape')).toBe(1_900_000_000);
  expect(await rig.value('gatewayz_health_service_scrape_errors_total')).toBe(0);
  expect(await rig.value('gatewayz_health_data_age_seconds', '/status')).toBe(0);
  expect(service.stats().strayRequests).toBe(0);
});

test('Health service and poller: down → up goes 1, 0, 1, and the errors rise by each endpoint that failed', async () => {
  const up: unknown[] = [];
  const errors: unknown[] = [];
  const look = async (): Promise<void> => {
    up.push(await rig.value('gatewayz_health_service_up'));
    errors.push(await rig.value('gatewayz_health_service_scrape_errors_total'));
  };
  rig.poller.start();
  await rig.poller.pollOnce();
  await look();
  await service.stop();
  for (let poll = 0; poll < 5; poll++) {
    await nextPoll();
    await look();
  }
  await service.start();
  await nextPoll();
  await look();
  expect(up).toEqual([1, 0, 0, 0, 0, 0, 1]);
  expect(errors).toEqual([0, 4, 8, 12, 16, 20, 20]);
  expect(await readPartGauges(rig)).toEqual(HEALTHY_GAUGES);
});

test('Health service and poller: refusing → age shown, gauges gone after three misses', async () => {
  rig.poller.start();
  await rig.poller.pollOnce();
  await service.stop();
  const seen: unknown[] = [];
  for (let poll = 0; poll < 4; poll++) {
    const results = await nextPoll();
    expect(results.map((result) => result.kind === 'failed' && result.reason)).toEqual(
      Array(4).fill('refused'),
    );
    const age = await rig.value('gatewayz_health_data_age_seconds', '/metrics');
    seen.push([age, (await readPartGauges(rig)).length]);
  }
  expect(seen).toEqual([
    [30, HEALTHY_GAUGES.length],
    [60, HEALTHY_GAUGES.length],
    [90, 0],
    [120, 0],
  ]);
});

test.each([
  [
    'Health service and poller: hanging → own timeout, no overlapping polls, age shown, gauges gone after three misses',
    { kind: 'hang' },
  ],
  [
    'Health service and poller: hanging → in the middle of an answer just as well',
    { kind: 'stall', afterBytes: 10 },
  ],
  [
    'Health service and poller: 29 s slow → own timeout, no overlapping polls, age shown, gauges gone after three misses',
    { kind: 'answer', delayMs: 29_000 },
  ],
] as const)('%s', async (_name, script) => {
  rig.poller.start();
  await rig.poller.pollOnce();
  scriptAll(script);
  for (let poll = 1; poll <= 4; poll++) {
    const results = await nextPoll(10_000);
    expect(results.map((result) => result.kind === 'failed' && result.reason)).toEqual(
      Array(4).fill('timeout'),
    );
    await until(() => service.stats().open === 0);
  }
  expect(service.stats().requests).toEqual({
    '/health': 5,
    '/status': 5,
    '/metrics': 5,
    '/cache/stats': 5,
  });
  expect(Object.values(service.stats().mostOpenByPath)).toEqual([1, 1, 1, 1]);
  expect(service.stats()).toMatchObject({ mostOpen: 4, openConnections: 0 });
  expect(await rig.value('gatewayz_health_data_age_seconds', '/status')).toBe(130);
  expect(await rig.value('gatewayz_health_service_scrape_errors_total')).toBe(16);
  expect(await readPartGauges(rig)).toEqual([]);
});

test('Health service and poller: hanging → one endpoint that hangs holds no other up', async () => {
  service.setScript('/status', { kind: 'hang' });
  const poll = rig.poller.pollOnce();
  await until(
    () => Object.values(rig.poller.snapshot().parts).filter(({ reading }) => reading !== null).length === 3,
  );
  expect(await readPartGauges(rig)).toEqual(HEALTHY_GAUGES.slice(7));
  clock.advance(10_000);
  await poll;
});

test('Health service and poller: clock jumps → ages from the monotonic clock, the time of the last success as the clock says', async () => {
  rig.poller.start();
  await rig.poller.pollOnce();
  rig.epoch.nowMs -= 3_600_000;
  await nextPoll();
  clock.advance(5_000);
  expect(await rig.value('gatewayz_health_data_age_seconds', '/status')).toBe(5);
  expect(await rig.value('gatewayz_health_service_last_successful_scrape')).toBe(1_900_000_000 - 3_600);
  expect(await readPartGauges(rig)).toEqual(HEALTHY_GAUGES);
});

test('Health service and poller: a gap → what was known before it is not shown after it', async () => {
  rig.poller.start();
  await rig.poller.pollOnce();
  await service.stop();
  clock.advance(29_000);
  expect(await readPartGauges(rig)).toEqual(HEALTHY_GAUGES);
  clock.advance(61_001);
  expect(await readPartGauges(rig)).toEqual([]);
});
