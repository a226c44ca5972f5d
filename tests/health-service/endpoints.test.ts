import { expect, test, vi } from 'vitest';
import { keyOf, OFTEN, PATIENT, startHealthService, startProviders } from './health-stage.ts';

const ISO = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/);

test('the four endpoints answer what the poller reads, and they agree with each other', async () => {
  await using stage = await startProviders({ primary: {}, spare: {} });
  await using service = await startHealthService({
    config: { providers: stage.sections, healthService: OFTEN },
  });
  await vi.waitFor(
    async () =>
      expect(await service.get('/metrics')).toMatchObject({
        status_distribution: { healthy: 4, unknown: 0 },
      }),
    PATIENT,
  );
  expect(await service.get('/health')).toMatchObject({
    status: 'healthy',
    service: expect.any(String),
    timestamp: ISO,
  });
  expect(await service.get('/status')).toMatchObject({
    status: 'healthy',
    service: expect.any(String),
    health_monitoring_active: true,
    availability_monitoring_active: true,
    models_tracked: 4,
    providers_tracked: 2,
    gateways_tracked: 0,
    availability_cache_size: 6,
    health_check_interval: 1,
    timestamp: ISO,
  });
  expect(await service.get('/metrics')).toMatchObject({
    total_models: 4,
    total_providers: 2,
    total_gateways: 0,
    tracked_models: 4,
    active_incidents: 0,
    status_distribution: { healthy: 4, degraded: 0, down: 0, unknown: 0, maintenance: 0 },
  });
  expect(await service.get('/cache/stats')).toEqual({
    cache_available: false,
    system_health_cached: true,
    providers_health_cached: true,
    models_health_cached: true,
    timestamp: ISO,
  });
  expect(await service.get('/')).toMatchObject({
    endpoints: expect.arrayContaining(['POST /check/trigger']),
  });
});

test('/metrics is Prometheus text where the client asks for it, with what probes have cost', async () => {
  await using stage = await startProviders({ primary: {} });
  const prices = Object.fromEntries(
    ['large', 'small'].map((name) => [name, { inputUsdPerMillion: 1, outputUsdPerMillion: 2 }]),
  );
  const providers = { primary: { ...stage.sections.primary, prices } };
  await using service = await startHealthService({ config: { providers, healthService: OFTEN } });
  await vi.waitFor(async () => {
    const metrics = await service.metrics();
    const labels = { provider: 'primary' };
    const completions = { ...labels, kind: 'completion', outcome: 'success' };
    expect(metrics.value('gatewayz_probes_total', completions)).toBeGreaterThan(0);
    expect(metrics.value('gatewayz_probe_tokens_total', labels)).toBeGreaterThan(0);
    expect(metrics.value('gatewayz_probe_cost_usd_total', labels)).toBeGreaterThan(0);
    expect(metrics.value('gatewayz_probe_budget_spent', labels)).toBe(0);
    expect(metrics.value('process_resident_memory_bytes')).toBeGreaterThan(0);
  }, PATIENT);
});

test('Health service and poller: probe cost, free checks → they come first, with the probe header and the key; then 16 tokens are asked for', async () => {
  await using stage = await startProviders({ primary: {} });
  await using service = await startHealthService({
    config: { providers: stage.sections, healthService: OFTEN },
  });
  const { primary } = stage.providers;
  await vi.waitFor(() => expect(primary.attempts().length).toBeGreaterThan(1), PATIENT);
  expect(primary.log[0]).toMatchObject({ method: 'GET', path: '/v1/models' });
  for (const { headers } of primary.log) {
    expect(headers).toMatchObject({ 'x-gatewayz-probe': '1', authorization: `Bearer ${keyOf('primary')}` });
  }
  for (const { json, endpoint } of primary.attempts()) {
    expect(endpoint).toBe('chat');
    expect(json).toMatchObject({ max_tokens: 16, stream: false, messages: [{ role: 'user' }] });
  }
  expect(service.process.stdout()).not.toContain(keyOf('primary'));
});

test('a trigger is accepted, from this machine only without a token, and with the token only where one is set', async () => {
  await using stage = await startProviders({ primary: {} });
  const rarely = { ...OFTEN, intervals: {} };
  const config = { providers: stage.sections, healthService: rarely };
  await using service = await startHealthService({ config });
  await vi.waitFor(
    async () => expect(await service.get('/metrics')).toMatchObject({ tracked_models: 2 }),
    PATIENT,
  );
  expect(stage.providers.primary.attempts('large')).toHaveLength(0);
  expect(await service.post('/check/trigger', { provider: 'primary', model: 'large' })).toMatchObject({
    status: 202,
    json: { triggered: 1 },
  });
  await vi.waitFor(() => expect(stage.providers.primary.attempts('large')).toHaveLength(1), PATIENT);
  expect((await service.post('/check/trigger')).json.triggered).toBe(3);
  expect((await service.post('/check/trigger', { provider: 'nobody' })).status).toBe(404);
  expect((await service.post('/check/trigger', { colour: 'red' })).status).toBe(400);
  expect((await service.post('/check/trigger', {}, { origin: 'http://a.example' })).status).toBe(403);

  await using guarded = await startHealthService({ config, env: { ADMIN_TOKEN: 'canary-token' } });
  expect((await guarded.post('/check/trigger')).status).toBe(401);
  expect((await guarded.post('/check/trigger', {}, { authorization: 'Bearer wrong' })).status).toBe(401);
  expect((await guarded.post('/check/trigger', {}, { authorization: 'Bearer canary-token' })).status).toBe(
    202,
  );
});

test('what is no question is refused in one shape, and uptime is null where nothing is known', async () => {
  await using service = await startHealthService({
    config: { providers: { dead: { baseUrl: 'http://127.0.0.1:9/v1', models: ['large'] } } },
  });
  for (const [path, status] of [
    ['/nowhere', 404],
    ['/incidents/none', 404],
    ['/incidents?limit=many', 400],
    ['/models?colour=red', 400],
    ['/uptime/models', 400],
  ] as const) {
    const response = await fetch(`${service.url}${path}`);
    expect([path, response.status]).toEqual([path, status]);
    expect(await response.json()).toEqual({ error: { message: expect.any(String) } });
  }
  const { providers } = await service.get<{
    providers: readonly { buckets: readonly { uptime: unknown }[] }[];
  }>('/uptime/providers?window=24h');
  expect(providers[0]?.buckets).toHaveLength(24);
  expect(providers[0]?.buckets[0]?.uptime).toBeNull();
});
