import { answers, failsWith, startRedis } from '@gatewayz/testkit';
import { expect, test, vi } from 'vitest';
import { incidentsOf, OFTEN, PATIENT, startHealthService, startProviders, statusOf } from './health-stage.ts';

// Above the time that a replica takes to hear of another's results when nothing is due.
const INTERVAL_MS = 3000;
const EVERY_THREE_SECONDS = {
  ...OFTEN,
  intervals: {
    criticalMs: INTERVAL_MS,
    popularMs: INTERVAL_MS,
    standardMs: INTERVAL_MS,
    onDemandMs: INTERVAL_MS,
    failingMs: 1000,
  },
};

test('Health service and poller: two replicas → on one Redis they make one probe an interval, and both come to its verdict', async () => {
  await using redis = await startRedis();
  await using stage = await startProviders({ primary: {} });
  const { primary } = stage.providers;
  const start = {
    config: { providers: stage.sections, healthService: EVERY_THREE_SECONDS },
    env: { REDIS_URL: redis.url },
  };
  await using first = await startHealthService(start);
  await using second = await startHealthService(start);
  await vi.waitFor(() => expect(primary.attempts('large').length).toBeGreaterThan(4), PATIENT);
  for (const of of [
    primary.attempts('large'),
    primary.attempts('small'),
    primary.log.filter(({ method }) => method === 'GET'),
  ]) {
    // Of what comes back so soon after a probe, the waits are shortened by a tenth at the most.
    const gaps = of.slice(1).map((attempt, index) => attempt.receivedAtMs - (of[index]?.receivedAtMs ?? 0));
    for (const gap of gaps.slice(1)) expect(gap).toBeGreaterThan(INTERVAL_MS * 0.85);
  }
  for (const service of [first, second]) {
    expect(await service.get('/metrics')).toMatchObject({ status_distribution: { healthy: 2 } });
    expect(await service.get('/cache/stats')).toMatchObject({
      cache_available: true,
      models_health_cached: true,
    });
  }

  primary.setModelsScript(failsWith(500));
  primary.setDefault(failsWith(500));
  const idOf = async (service: typeof first): Promise<unknown> =>
    (await incidentsOf(service, '?status=active')).find(({ scope }) => scope === 'provider')?.id;
  await vi.waitFor(async () => {
    expect(await idOf(first)).toBeDefined();
    expect(await idOf(second)).toBe(await idOf(first));
  }, PATIENT);
  primary.setModelsScript(null);
  primary.setDefault(answers());
  for (const service of [first, second])
    await vi.waitFor(async () => expect(await incidentsOf(service, '?status=active')).toEqual([]), PATIENT);
}, 90_000);

test('a Redis that stops leaves the snapshots served and the probes running, and one that comes back is used', async () => {
  const redis = await startRedis();
  await using stage = await startProviders({ primary: {} });
  await using service = await startHealthService({
    config: { providers: stage.sections, healthService: OFTEN },
    env: { REDIS_URL: redis.url },
  });
  await vi.waitFor(
    async () => expect(await service.get('/cache/stats')).toMatchObject({ cache_available: true }),
    PATIENT,
  );
  await redis.stop();
  await vi.waitFor(
    async () =>
      expect(await service.get('/cache/stats')).toMatchObject({
        cache_available: false,
        system_health_cached: true,
        providers_health_cached: true,
        models_health_cached: true,
      }),
    PATIENT,
  );
  const probes = stage.providers.primary.log.length;
  await vi.waitFor(() => expect(stage.providers.primary.log.length).toBeGreaterThan(probes + 5), PATIENT);
  expect(await statusOf(service, 'primary')).toMatchObject({ status: 'healthy' });
  const lines = (): number => service.process.stdout().split('Redis is away: the health service').length - 1;
  await vi.waitFor(() => expect(lines()).toBe(1), PATIENT);
  await using back = await startRedis({ port: redis.port });
  await vi.waitFor(
    async () => expect(await service.get('/cache/stats')).toMatchObject({ cache_available: true }),
    PATIENT,
  );
  expect(back.port).toBe(redis.port);
}, 60_000);
