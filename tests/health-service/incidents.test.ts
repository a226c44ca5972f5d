import { answers, failsWith, temporaryFolder } from '@gatewayz/testkit';
import { expect, test, vi } from 'vitest';
import {
  incidentsOf,
  keyOf,
  OFTEN,
  PATIENT,
  startHealthService,
  startProviders,
  statusOf,
} from './health-stage.ts';

const broken = (message = 'the fake is broken') =>
  failsWith(500, { message, headers: { 'x-request-id': 'req-of-the-fake' } });

test('a provider that fails is down after three failures, in one incident with evidence, which its recovery ends', async () => {
  await using stage = await startProviders({ primary: {}, spare: {} });
  await using service = await startHealthService({
    config: { providers: stage.sections, healthService: OFTEN },
  });
  const { primary } = stage.providers;
  await vi.waitFor(async () => expect((await statusOf(service, 'primary'))?.status).toBe('healthy'), PATIENT);
  const echo = `never shown: ${keyOf('primary')}`;
  primary.setModelsScript(broken(echo));
  primary.setDefault(broken(echo));
  await vi.waitFor(async () => expect((await statusOf(service, 'primary'))?.status).toBe('down'), PATIENT);
  await vi.waitFor(async () => expect(await incidentsOf(service)).toHaveLength(1), PATIENT);
  const [incident] = await incidentsOf(service);
  expect(incident).toMatchObject({
    scope: 'provider',
    provider: 'primary',
    type: 'provider_error',
    status: 'open',
    affected_models: ['large', 'small'],
  });
  expect(incident?.evidence.length).toBeGreaterThanOrEqual(3);
  expect(incident?.evidence[0]).toMatchObject({
    outcome: 'provider_error',
    detail: expect.stringContaining('answered 500: never shown: [redacted]'),
    request_id: 'req-of-the-fake',
  });
  expect((await statusOf(service, 'spare'))?.status).toBe('healthy');
  await vi.waitFor(
    async () =>
      expect(await service.get('/metrics')).toMatchObject({ status_distribution: { healthy: 2, down: 2 } }),
    PATIENT,
  );

  const acknowledged = await service.post(`/incidents/${incident?.id}/acknowledge`, { by: 'ann' });
  expect(acknowledged.json).toMatchObject({ status: 'acknowledged', acknowledged_by: 'ann' });

  primary.setModelsScript(null);
  primary.setDefault(answers());
  await vi.waitFor(async () => expect(await incidentsOf(service, '?status=active')).toHaveLength(0), PATIENT);
  expect(await incidentsOf(service)).toMatchObject([{ id: incident?.id, status: 'resolved' }]);
  await vi.waitFor(async () => expect((await statusOf(service, 'primary'))?.status).toBe('healthy'), PATIENT);
  expect((await service.post(`/incidents/${incident?.id}/acknowledge`)).status).toBe(409);
  expect(JSON.stringify(await incidentsOf(service)) + service.process.stdout()).not.toContain(
    keyOf('primary'),
  );
});

test('Health service and poller: flapping provider → one incident, however often it comes back for a moment', async () => {
  await using stage = await startProviders({ primary: {} });
  await using service = await startHealthService({
    config: { providers: stage.sections, healthService: OFTEN },
  });
  const { primary } = stage.providers;
  for (let turn = 0; turn < 3; turn += 1) {
    primary.setModelsScript(broken());
    primary.setDefault(broken());
    await vi.waitFor(async () => expect((await statusOf(service, 'primary'))?.status).toBe('down'), PATIENT);
    primary.setModelsScript(null);
    primary.setDefault(answers());
    await vi.waitFor(
      async () => expect((await statusOf(service, 'primary'))?.status).toBe('healthy'),
      PATIENT,
    );
  }
  await vi.waitFor(async () => expect(await incidentsOf(service, '?status=active')).toHaveLength(0), PATIENT);
  expect(await incidentsOf(service)).toMatchObject([{ scope: 'provider', status: 'resolved' }]);
}, 60_000);

test('a model that fails alone is an incident of its own, and its provider stays up', async () => {
  await using stage = await startProviders({ primary: { models: { small: broken() } } }, [
    'large',
    'small',
    'tiny',
  ]);
  await using service = await startHealthService({
    config: { providers: stage.sections, healthService: OFTEN },
  });
  await vi.waitFor(async () => expect(await incidentsOf(service, '?status=active')).toHaveLength(1), PATIENT);
  expect(await incidentsOf(service)).toMatchObject([{ scope: 'model', affected_models: ['small'] }]);
  expect(await service.get('/metrics')).toMatchObject({ status_distribution: { down: 1 } });
});

test('refused credentials make a provider degraded, never down, and say so', async () => {
  await using stage = await startProviders({ primary: { expectedKeys: ['another-key'] } });
  const providers = { primary: { ...stage.sections.primary, models: ['large'] } };
  await using service = await startHealthService({ config: { providers, healthService: OFTEN } });
  await vi.waitFor(
    async () =>
      expect(await statusOf(service, 'primary')).toMatchObject({ status: 'degraded', cause: 'credentials' }),
    PATIENT,
  );
  await vi.waitFor(
    async () => expect(await incidentsOf(service)).toMatchObject([{ type: 'credentials' }]),
    PATIENT,
  );
  expect(await service.get('/metrics')).toMatchObject({ status_distribution: { down: 0 } });
  expect(stage.providers.primary.attempts()).toHaveLength(0);
});

test('Health service and poller: restart in the middle of an incident → a service that is killed goes on with it, and does not open it twice', async () => {
  await using folder = await temporaryFolder('gatewayz-health-');
  await using stage = await startProviders({ primary: {} });
  const { primary } = stage.providers;
  primary.setModelsScript(broken());
  primary.setDefault(broken());
  const providers = { primary: { ...stage.sections.primary, models: ['large'] } };
  const start = { config: { providers, healthService: OFTEN }, folder };
  let id: string | undefined;
  {
    await using first = await startHealthService(start);
    await vi.waitFor(
      async () => expect(await incidentsOf(first, '?status=active')).toMatchObject([{ scope: 'provider' }]),
      PATIENT,
    );
    id = (await incidentsOf(first, '?status=active'))[0]?.id;
    first.process.kill('SIGKILL');
    expect(await first.process.exit).toMatchObject({ signal: 'SIGKILL' });
  }
  await using second = await startHealthService(start);
  expect(await incidentsOf(second, '?status=active')).toMatchObject([{ id }]);
  expect(await firstStatus(second)).toBe('down');
  const before = primary.log.length;
  await vi.waitFor(() => expect(primary.log.length).toBeGreaterThan(before + 4), PATIENT);
  expect(await incidentsOf(second)).toMatchObject([{ id, scope: 'provider', status: 'open' }]);
  primary.setModelsScript(null);
  primary.setDefault(answers());
  await vi.waitFor(async () => expect(await incidentsOf(second, '?status=active')).toHaveLength(0), PATIENT);
  expect(await incidentsOf(second)).toMatchObject([{ id, status: 'resolved' }]);
});

async function firstStatus(service: Parameters<typeof statusOf>[0]): Promise<unknown> {
  return (await statusOf(service, 'primary'))?.status;
}

test('Health service and poller: probe cost, reasoning models → one that spends its tokens on thought is healthy', async () => {
  const body = {
    id: 'x',
    object: 'chat.completion',
    choices: [{ index: 0, message: { role: 'assistant', content: '' }, finish_reason: 'length' }],
    usage: { prompt_tokens: 9, completion_tokens: 16 },
  };
  await using stage = await startProviders({
    primary: { byDefault: { kind: 'body', body: { json: body } }, modelList: ['thinker'] },
  });
  await using service = await startHealthService({
    config: { providers: stage.sections, healthService: OFTEN },
  });
  await vi.waitFor(
    async () => expect(await service.get('/metrics')).toMatchObject({ status_distribution: { healthy: 1 } }),
    PATIENT,
  );
  await vi.waitFor(async () => {
    const tokens = (await service.metrics()).value('gatewayz_probe_tokens_total', { provider: 'primary' });
    expect(tokens).toBeGreaterThan(0);
    expect(Number(tokens) % 25).toBe(0);
  }, PATIENT);
});
