import {
  createManualClock,
  type FakeHealthService,
  type HealthPath,
  type HealthScript,
  type ManualClock,
  startFakeHealthService,
} from '@gatewayz/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HEALTH_ENDPOINTS } from './health-endpoint.ts';
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

function scriptAll(script: HealthScript): void {
  for (const path of HEALTH_ENDPOINTS) service.setScript(path, script);
}

const junk: readonly (readonly [string, HealthScript, string])[] = [
  [
    'Health service and poller: garbage → a failure with its reason, gauges left as they were',
    { kind: 'reply', body: Buffer.from([0, 255, 1, 254, 10, 13]) },
    'malformed',
  ],
  [
    'Health service and poller: HTML → a failure with its reason, gauges left as they were',
    { kind: 'reply', body: '<!doctype html><h1>502</h1>', headers: { 'content-type': 'text/html' } },
    'malformed',
  ],
  [
    'Health service and poller: truncated → a failure with its reason, gauges left as they were',
    { kind: 'cut', afterBytes: 20 },
    'network',
  ],
  [
    'Health service and poller: truncated → a failure too where HTTP calls it whole',
    { kind: 'reply', body: '{"status":"heal' },
    'malformed',
  ],
  [
    'Health service and poller: 500 MB → a failure with its reason, gauges left as they were',
    { kind: 'flood', totalBytes: 500_000_000 },
    'too_large',
  ],
  [
    'Health service and poller: nulls → a failure where there is nothing else',
    { kind: 'reply', body: '{"status":null,"total_models":null,"cache_available":null}' },
    'invalid',
  ],
  [
    'Health service and poller: unknown fields → a failure where there is nothing else',
    { kind: 'reply', body: '{"colour":"blue"}' },
    'invalid',
  ],
  [
    'Health service and poller: garbage → an error page is no answer, however good its body',
    { kind: 'reply', status: 500, body: '{"status":"healthy"}' },
    'status',
  ],
];

test.each(junk)('%s', async (_name, script, reason) => {
  await rig.poller.pollOnce();
  service.clear();
  scriptAll(script);
  const results = await rig.poller.pollOnce();
  expect(results).toEqual(
    HEALTH_ENDPOINTS.map((endpoint) => expect.objectContaining({ endpoint, kind: 'failed', reason })),
  );
  expect(await rig.value('gatewayz_health_service_up')).toBe(0);
  const errors = await rig.scraped('gatewayz_health_poll_errors_total');
  expect(errors.filter((line) => !line.endsWith(' 0'))).toEqual(
    HEALTH_ENDPOINTS.map((endpoint) => `${endpoint} ${reason} 1`),
  );
  expect(await readPartGauges(rig)).toEqual(HEALTHY_GAUGES);
  await until(() => service.stats().openConnections === 0);
  // The cap, and what sockets and kernel hold before the end of the connection is noticed.
  expect(service.stats().bytesSent).toBeLessThan(4 * 16_000_000);
});

test.each<readonly [string, HealthScript]>([
  [
    'Health service and poller: NaN → bad entries dropped and counted, good ones kept',
    {
      kind: 'reply',
      body: '{"total_models":NaN,"total_providers":14,"status_distribution":{"healthy":110,"down":NaN}}',
    },
  ],
  [
    'Health service and poller: nulls → bad entries dropped and counted, good ones kept',
    {
      kind: 'reply',
      body: '{"total_models":null,"total_providers":14,"status_distribution":{"healthy":110,"down":null}}',
    },
  ],
  [
    'Health service and poller: unknown fields → bad entries dropped and counted, good ones kept',
    {
      kind: 'reply',
      body: '{"total_models":"150","total_providers":14,"extra":[{"a":1}],"status_distribution":{"healthy":110,"down":[]}}',
    },
  ],
])('%s', async (_name, script) => {
  await rig.poller.pollOnce();
  service.setScript('/metrics', script);
  await rig.poller.pollOnce();
  expect(
    (await readPartGauges(rig)).filter((line) => /total|incidents|distribution|_count/.test(line)),
  ).toEqual(['gatewayz_health_total_providers 14', 'gatewayz_health_status_distribution healthy 110']);
  expect(await rig.value('gatewayz_health_dropped_entries_total', '/metrics')).toBe(2);
  expect(await rig.value('gatewayz_health_service_scrape_errors_total')).toBe(0);
});

test('Health service and poller: statuses vanish or are renamed → stale series gone within one poll', async () => {
  await rig.poller.pollOnce();
  const fields = { status_distribution: { healthy: 108, impaired: 9 } };
  service.setScript('/metrics', { kind: 'answer', fields });
  await rig.poller.pollOnce();
  expect(await rig.scraped('gatewayz_health_status_distribution')).toEqual(['healthy 108', 'impaired 9']);
});

test.each<readonly [string, HealthPath, Readonly<Record<string, unknown>>, readonly string[]]>([
  [
    'Health service and poller: models vanish or are renamed → their counts follow at the next poll',
    '/status',
    { models_tracked: undefined, tracked: 117 },
    ['gatewayz_health_tracked_models'],
  ],
  [
    'Health service and poller: providers vanish or are renamed → their counts follow at the next poll',
    '/metrics',
    { total_providers: undefined, total_gateways: null },
    ['gatewayz_health_total_providers', 'gatewayz_health_total_gateways'],
  ],
])('%s', async (_name, path, fields, gone) => {
  await rig.poller.pollOnce();
  service.setScript(path, { kind: 'answer', fields });
  await rig.poller.pollOnce();
  const isGone = (line: string): boolean => gone.some((name) => line.startsWith(`${name} `));
  expect(await readPartGauges(rig)).toEqual(HEALTHY_GAUGES.filter((line) => !isGone(line)));
});

test('Health service and poller: statuses vanish or are renamed → series bounded, though every poll brings new ones', async () => {
  const everShown = new Set<string>();
  for (let poll = 0; poll < 50; poll++) {
    const names = Array.from({ length: 100 }, (_, index) => [`status_${poll}_${index}`, 1]);
    const fields = { status_distribution: { healthy: 1, ...Object.fromEntries(names) } };
    service.setScript('/metrics', { kind: 'answer', fields });
    await rig.poller.pollOnce();
    const series = (await rig.scraped('gatewayz_health_status_distribution')).map((line) => line.split(' '));
    expect(series.reduce((sum, [, value]) => sum + Number(value), 0)).toBe(101);
    for (const [status = ''] of series) everShown.add(status);
  }
  expect(everShown.size).toBe(18);
});
