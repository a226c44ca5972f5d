import { answers, failsWith } from '@gatewayz/testkit';
import { expect, test, vi } from 'vitest';
import { ask, chatBody } from '../ask.ts';
import { providerKey, type Stage, startStage } from '../stage.ts';
import { OFTEN, PATIENT, type RunningHealthService, startHealthService } from './health-stage.ts';

const METRICS_TOKEN = 'canary-metrics-token';
const LIVE_TEXT = 'a live request';
const MODELS = ['busy', 'steady', 'idle'];
/** Readings are as frequent as the shortest interval here, and tiers are drawn from six of them. */
const TIERED = { timeout: 40_000, interval: 200 } as const;

function isLive(json: unknown): boolean {
  return JSON.stringify(json).includes(LIVE_TEXT);
}

/** Answers probes, and live requests as told. */
function startGatewayStage(failsLive = false): Promise<Stage<'primary'>> {
  return startStage({
    providers: {
      primary: {
        byDefault: ({ json }) => (failsLive && isLive(json) ? failsWith(500) : answers()),
        modelList: MODELS,
      },
    },
    models: MODELS,
    config: { retries: { attempts: 0 } },
    gateway: { env: { METRICS_TOKEN } },
  });
}

function startBeside(stage: Stage<'primary'>, token: string): Promise<RunningHealthService> {
  const primary = { baseUrl: stage.providers.primary.url, apiKey: providerKey('primary'), models: MODELS };
  return startHealthService({
    config: { providers: { primary }, healthService: { ...OFTEN, backendUrl: stage.gateway.url } },
    env: { METRICS_TOKEN: token },
  });
}

async function send(stage: Stage<'primary'>, model: string, count: number): Promise<void> {
  for (let sent = 0; sent < count; sent += 1)
    await ask(stage.gateway, { body: chatBody(LIVE_TEXT, { model }) });
}

async function modelOf(service: RunningHealthService, name: string): Promise<unknown> {
  const { models } = await service.get<{ models: readonly unknown[] }>(`/models?model=${name}`);
  return models[0];
}

function isProbe({ headers }: { readonly headers: object }): boolean {
  return 'x-gatewayz-probe' in headers;
}

test('tiers come from the traffic of a real gateway, and a model with enough of it costs no probe', async () => {
  await using stage = await startGatewayStage();
  await using service = await startBeside(stage, METRICS_TOKEN);
  const { primary } = stage.providers;
  let sent = 0;
  const trickle = async (): Promise<void> => {
    await send(stage, 'busy', 9);
    await send(stage, 'steady', 3);
    sent += 1;
  };
  await vi.waitFor(async () => {
    await trickle();
    expect(await modelOf(service, 'busy')).toMatchObject({ tier: 'critical', status: 'healthy' });
    expect(await modelOf(service, 'steady')).toMatchObject({ tier: 'popular', status: 'healthy' });
    expect(await modelOf(service, 'idle')).toMatchObject({ tier: 'on_demand', status: 'healthy' });
  }, TIERED);
  const known = { provider: 'primary', kind: 'traffic', outcome: 'success' };
  const fromTraffic = async (): Promise<number> =>
    Number((await service.metrics()).value('gatewayz_probes_total', known) ?? 0);
  await vi.waitFor(async () => {
    await trickle();
    expect(await fromTraffic()).toBeGreaterThan(3);
  }, TIERED);

  const probesOf = (model: string): number => primary.attempts(model).filter(isProbe).length;
  const [busy, steady, idle, judged] = [
    probesOf('busy'),
    probesOf('steady'),
    probesOf('idle'),
    await fromTraffic(),
  ];
  await vi.waitFor(async () => {
    expect(probesOf('idle')).toBeGreaterThan(idle + 2);
    expect(await fromTraffic()).toBeGreaterThan(judged + 4);
  }, PATIENT);
  expect([probesOf('busy'), probesOf('steady')]).toEqual([busy, steady]);

  // The probes of all that time are in none of the gateway's figures.
  const metrics = await stage.gateway.metrics();
  const counted = (model: string): unknown =>
    metrics.value('gatewayz_attempts_total', { provider: 'primary', model, outcome: 'success' });
  expect([counted('busy'), counted('steady'), counted('idle') ?? 0]).toEqual([9 * sent, 3 * sent, 0]);
}, 90_000);

test('live requests that fail make a model down, though every probe of it would go well', async () => {
  await using stage = await startGatewayStage(true);
  await using service = await startBeside(stage, METRICS_TOKEN);
  await vi.waitFor(async () => {
    await send(stage, 'busy', 8);
    expect(await modelOf(service, 'busy')).toMatchObject({ status: 'down', last_outcome: 'provider_error' });
  }, TIERED);
  expect(await modelOf(service, 'idle')).toMatchObject({ status: 'healthy' });
}, 60_000);

test('without the right token traffic is unknown, which is said once, and probes do the work', async () => {
  await using stage = await startGatewayStage();
  await using service = await startBeside(stage, 'wrong-token');
  await vi.waitFor(async () => {
    await send(stage, 'busy', 3);
    expect(stage.providers.primary.attempts('busy').filter(isProbe).length).toBeGreaterThan(5);
  }, PATIENT);
  expect(await modelOf(service, 'busy')).toMatchObject({ tier: 'standard', status: 'healthy' });
  expect(service.process.stdout().match(/live traffic is not known/g)).toHaveLength(1);
  expect(service.process.stdout()).toContain('GET /metrics answered 401');
  expect(service.process.stdout()).not.toContain('wrong-token');
});
