import {
  failsWith,
  type RunningGateway,
  startFakeHealthService,
  startGateway,
  toHealthyAnswer,
} from '@gatewayz/testkit';
import { expect, test, vi } from 'vitest';
import { expectedSeries, exportedSeries, HEALTH_METRICS } from './exported-series.ts';
import { incidentsOf, OFTEN, PATIENT, startHealthService, startProviders } from './health-stage.ts';

type Json = Readonly<Record<string, unknown>>;

const POLL_MS = 1000;
const NOBODY = { dead: { baseUrl: 'http://127.0.0.1:9/v1', models: ['large'] } };

function startPollingGateway(healthServiceUrl: string): Promise<RunningGateway> {
  return startGateway({
    config: { auth: { mode: 'open' }, providers: NOBODY, health: { pollIntervalMs: POLL_MS } },
    env: { HEALTH_SERVICE_URL: healthServiceUrl },
  });
}

async function expectWholePolls(gateway: RunningGateway, startedAtMs: number): Promise<void> {
  const metrics = await gateway.metrics();
  expect(metrics.value('gatewayz_health_service_up')).toBe(1);
  expect(metrics.value('gatewayz_health_service_scrape_errors_total')).toBe(0);
  const lastSeconds = Number(metrics.value('gatewayz_health_service_last_successful_scrape'));
  expect(lastSeconds).toBeGreaterThanOrEqual(startedAtMs / 1000);
  expect(lastSeconds).toBeLessThanOrEqual(Date.now() / 1000);
}

test('each of the 17 metrics has the value that a scripted health service reports, no two of them alike', async () => {
  await using service = await startFakeHealthService();
  const status = {
    models_tracked: 8991,
    providers_tracked: 31,
    gateways_tracked: 7,
    availability_cache_size: 9022,
    health_check_interval: 299.5,
    health_monitoring_active: true,
    availability_monitoring_active: false,
  };
  const metrics = {
    total_models: 9123,
    total_providers: 33,
    total_gateways: 8,
    tracked_models: 8990,
    active_incidents: 17,
    status_distribution: { healthy: 8001, degraded: 701, down: 201, unknown: 61, maintenance: 26 },
  };
  const cache = {
    cache_available: false,
    system_health_cached: true,
    providers_health_cached: false,
    models_health_cached: true,
  };
  service.setScript('/status', { kind: 'answer', fields: status });
  service.setScript('/metrics', { kind: 'answer', fields: metrics });
  service.setScript('/cache/stats', { kind: 'answer', fields: cache });
  const startedAtMs = Date.now();
  await using gateway = await startPollingGateway(service.url);
  const expected = expectedSeries({ status, metrics, cache });
  await vi.waitFor(async () => expect(exportedSeries(await gateway.metrics())).toEqual(expected), PATIENT);
  await expectWholePolls(gateway, startedAtMs);

  // What the service says next is what the next poll shows, and nothing of before.
  for (const path of ['/status', '/metrics', '/cache/stats'] as const)
    service.setScript(path, { kind: 'answer' });
  const read = (path: '/status' | '/metrics' | '/cache/stats'): Json =>
    JSON.parse(toHealthyAnswer(path).toString());
  const next = expectedSeries({
    status: read('/status'),
    metrics: read('/metrics'),
    cache: read('/cache/stats'),
  });
  await vi.waitFor(async () => expect(exportedSeries(await gateway.metrics())).toEqual(next), PATIENT);
});

test('each of the 17 metrics has the value that the real health service reports, incidents and all', async () => {
  const all = ['large', 'small', 'tiny'];
  await using stage = await startProviders({
    steady: {},
    broken: { modelsScript: failsWith(500), byDefault: failsWith(500), modelList: ['large'] },
    partly: { models: { small: failsWith(500) }, modelList: all },
    refused: { expectedKeys: ['another-key'] },
    openrouter: { modelList: ['vendor/large'] },
  });
  const providers = {
    ...stage.sections,
    broken: { ...stage.sections.broken, models: ['large'] },
    refused: { ...stage.sections.refused, models: ['large'] },
  };
  const maintenance = [
    { provider: 'steady', model: 'small', from: '2020-01-01T00:00:00Z', to: '2120-01-01T00:00:00Z' },
  ];
  await using service = await startHealthService({
    config: { providers, healthService: { ...OFTEN, maintenance } },
  });
  const startedAtMs = Date.now();
  await using gateway = await startPollingGateway(service.url);
  const settled = {
    total_gateways: 1,
    status_distribution: { healthy: 4, degraded: 0, down: 2, unknown: 1, maintenance: 1 },
  };
  await vi.waitFor(async () => {
    expect(await service.get('/metrics')).toMatchObject(settled);
    expect((await incidentsOf(service, '?status=active')).length).toBeGreaterThanOrEqual(3);
  }, PATIENT);
  await vi.waitFor(async () => {
    const [status, metrics, cache] = await Promise.all(
      ['/status', '/metrics', '/cache/stats'].map((path) => service.get(path)),
    );
    const answers = { status: status as Json, metrics: metrics as Json, cache: cache as Json };
    const series = exportedSeries(await gateway.metrics());
    expect(series).toEqual(expectedSeries(answers));
    expect(series).toContain('gatewayz_health_status_distribution{down} 2');
    expect(series).toContain(
      `gatewayz_health_active_incidents ${(await incidentsOf(service, '?status=active')).length}`,
    );
  }, PATIENT);
  await expectWholePolls(gateway, startedAtMs);
}, 60_000);

test('a start without any configuration exports all 17, as a count of lines shows', async () => {
  await using gateway = await startGateway();
  const scrape = async (): Promise<string> => (await fetch(`${gateway.url}/metrics`)).text();
  await vi.waitFor(
    async () => expect(await scrape()).toMatch(/^gatewayz_health_service_last_successful_scrape /m),
    PATIENT,
  );
  const text = await scrape();
  const lines = text.split('\n').filter((line) => line.includes('gatewayz_health'));
  expect(lines.length).toBeGreaterThanOrEqual(13);
  const metrics = await gateway.metrics();
  expect(HEALTH_METRICS).toHaveLength(17);
  for (const name of HEALTH_METRICS) expect([name, metrics.series(name).length > 0]).toEqual([name, true]);
  expect(metrics.value('gatewayz_health_total_providers')).toBeGreaterThan(0);
  expect(metrics.sum('gatewayz_health_status_distribution')).toBe(
    metrics.value('gatewayz_health_tracked_models'),
  );
});
