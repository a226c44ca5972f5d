import { answers, freePort, hangs, temporaryFolder } from '@gatewayz/testkit';
import { expect, test, vi } from 'vitest';
import { incidentsOf, OFTEN, PATIENT, startHealthService, startProviders, statusOf } from './health-stage.ts';

const MODELS = Array.from({ length: 30 }, (_, index) => `model-${index}`);

test('Health service and poller: probe cost, rate and concurrency → never more probes of a provider at once, nor more requests in a minute, than allowed', async () => {
  await using stage = await startProviders(
    { busy: { byDefault: answers({ delayBeforeHeadersMs: 100 }) }, other: {} },
    MODELS,
  );
  const probes = { timeoutMs: 1000, concurrency: 20, concurrencyPerProvider: 3, perMinutePerProvider: 25 };
  await using service = await startHealthService({
    config: { providers: stage.sections, healthService: { ...OFTEN, probes } },
  });
  const { busy, other } = stage.providers;
  await vi.waitFor(() => expect([busy.log.length, other.log.length]).toEqual([25, 25]), PATIENT);
  expect((await service.post('/check/trigger')).status).toBe(202);
  // Everything is overdue now: had the bound a hole, the next second would show it.
  const polls = busy.log.length;
  await vi.waitFor(async () => {
    const { models } = await service.get<{ models: readonly { status: string }[] }>('/models?status=healthy');
    expect(models.length).toBeGreaterThan(20);
  }, PATIENT);
  expect([busy.log.length, other.log.length]).toEqual([polls, 25]);
  expect(busy.stats().maxInFlight).toBe(3);
});

test('Health service and poller: probe cost, token budget → once it is spent no completion is asked for, the metric says so, and free checks go on', async () => {
  await using stage = await startProviders({ primary: {} });
  const { primary } = stage.providers;
  await using service = await startHealthService({
    config: {
      providers: stage.sections,
      healthService: { ...OFTEN, budget: { tokensPerDay: 100, usdPerDay: 1 } },
    },
  });
  const labels = { provider: 'primary' };
  const spent = async (): Promise<number> =>
    Number((await service.metrics()).value('gatewayz_probe_tokens_total', labels));
  await vi.waitFor(async () => expect(await spent()).toBeGreaterThan(60), PATIENT);
  const completions = primary.attempts().length;
  const lists = primary.log.length - completions;
  await vi.waitFor(
    () => expect(primary.log.length - primary.attempts().length).toBeGreaterThan(lists + 3),
    PATIENT,
  );
  expect(primary.attempts()).toHaveLength(completions);
  expect(await spent()).toBeLessThanOrEqual(100);
  expect((await service.metrics()).value('gatewayz_probe_budget_spent', labels)).toBe(1);
  expect(service.process.stdout().match(/"probe budget spent"/g)).toHaveLength(1);
  expect(await service.get('/metrics')).toMatchObject({ status_distribution: { healthy: 2 } });
});

test('Health service and poller: probe cost, token budget → one of nothing is spent, and everything is still known by what is free', async () => {
  await using stage = await startProviders({ primary: {} });
  await using service = await startHealthService({
    config: {
      providers: stage.sections,
      healthService: { ...OFTEN, budget: { tokensPerDay: 0, usdPerDay: 0 } },
    },
  });
  await vi.waitFor(
    async () => expect(await service.get('/metrics')).toMatchObject({ status_distribution: { healthy: 2 } }),
    PATIENT,
  );
  expect(stage.providers.primary.attempts()).toHaveLength(0);
  expect((await service.metrics()).value('gatewayz_probe_budget_spent', { provider: 'primary' })).toBe(1);
});

test('Health service and poller: probe cost, token budget → what was spent today is remembered over a restart', async () => {
  await using stage = await startProviders({ primary: {} });
  await using folder = await temporaryFolder('gatewayz-health-');
  const config = {
    providers: stage.sections,
    healthService: { ...OFTEN, budget: { tokensPerDay: 60, usdPerDay: 1 } },
  };
  const tokensOf = async (service: Parameters<typeof statusOf>[0]): Promise<unknown> =>
    ((await statusOf(service, 'primary')) as { probe_budget: { tokens_spent: number } }).probe_budget
      .tokens_spent;
  let before: unknown;
  {
    await using first = await startHealthService({ config, folder });
    await vi.waitFor(async () => expect(await tokensOf(first)).toBeGreaterThan(30), PATIENT);
    before = await tokensOf(first);
    first.process.kill('SIGKILL');
    await first.process.exit;
  }
  await using second = await startHealthService({ config, folder });
  expect(await tokensOf(second)).toBeGreaterThanOrEqual(before as number);
});

test("Health service and poller: the monitor's own network dead → nobody is blamed, and with a live one they are", async () => {
  const providers = {
    far: { baseUrl: 'http://provider-one.invalid/v1', models: ['large'] },
    away: { baseUrl: 'http://provider-two.invalid/v1', models: ['large'] },
  };
  const dead = `http://127.0.0.1:${await freePort()}/`;
  await using offline = await startHealthService({
    config: { providers, healthService: { ...OFTEN, connectivityUrl: dead } },
  });
  await using stage = await startProviders({ reachable: {} });
  await using online = await startHealthService({
    config: { providers, healthService: { ...OFTEN, connectivityUrl: stage.providers.reachable.url } },
  });
  await vi.waitFor(async () => expect(await incidentsOf(online)).toHaveLength(2), PATIENT);
  await vi.waitFor(async () => {
    const labels = { provider: 'far', kind: 'models', outcome: 'gateway' };
    expect(Number((await offline.metrics()).value('gatewayz_probes_total', labels))).toBeGreaterThan(5);
  }, PATIENT);
  expect(await incidentsOf(offline)).toEqual([]);
  expect(await offline.get('/status')).toMatchObject({ status: 'offline', health_monitoring_active: false });
  expect(await offline.get('/metrics')).toMatchObject({ status_distribution: { down: 0, unknown: 2 } });
});

test('SIGTERM ends a hanging probe at once and exits with 0', async () => {
  await using stage = await startProviders({ primary: { modelsScript: hangs() } });
  await using service = await startHealthService({
    config: { providers: stage.sections, healthService: { probes: { timeoutMs: 60_000 } } },
  });
  await vi.waitFor(() => expect(stage.providers.primary.log).toHaveLength(1), PATIENT);
  service.process.kill('SIGTERM');
  expect(await service.process.exit).toEqual({ code: 0, signal: null });
  expect(stage.providers.primary.log[0]?.clientClosedAtMs).not.toBeNull();
  const lines = service.process.stdout().trim().split('\n');
  expect(lines.map((line) => (JSON.parse(line) as { message: string }).message)).toEqual([
    'the health service runs',
    'stopping',
  ]);
  expect(service.process.stderr()).toBe('');
});
