import { expectedUsage, type Metrics, type RunningGateway, startGateway } from '@gatewayz/testkit';
import { expect, test, vi } from 'vitest';
import { ask, chatBody } from '../ask.ts';
import { settledMetrics } from '../settled-metrics.ts';
import { OFTEN, PATIENT, startProviders } from './health-stage.ts';

const REQUESTS = 5;
const MORE_PROBES = 10;

/** Every count that is somebody's: what has a provider, a model, or a path under `/v1`. */
function countsOfUsers(metrics: Metrics): readonly string[] {
  return metrics.families
    .filter(({ type }) => type === 'counter' || type === 'histogram')
    .flatMap(({ samples }) => samples)
    .filter(({ labels: { provider, model, path, endpoint } }) =>
      [provider, model, path, endpoint].some(
        (label, index) => label !== undefined && (index < 2 || label.startsWith('/v1')),
      ),
    )
    .map(({ name, labels, value }) => `${name} ${JSON.stringify(labels)} ${value}`);
}

async function answered(gateway: RunningGateway): Promise<number> {
  const { status } = await ask(gateway, { body: chatBody('How are you?') });
  return status;
}

test("Health service and poller: probe cost, users' figures and bills → no probe of the embedded service is in any count of the gateway", async () => {
  await using stage = await startProviders({ primary: {} });
  const { primary } = stage.providers;
  const prices = { large: { inputUsdPerMillion: 1000, outputUsdPerMillion: 2000 } };
  await using gateway = await startGateway({
    config: {
      auth: { mode: 'open' },
      providers: { primary: { ...stage.sections.primary, prices } },
      health: { pollIntervalMs: 1000, monitorIntervalMs: 1000 },
      healthService: { ...OFTEN, embedded: true },
    },
  });
  const probes = (): number =>
    primary.attempts().filter(({ headers }) => headers['x-gatewayz-probe'] !== undefined).length;
  for (let number = 0; number < REQUESTS; number += 1) expect(await answered(gateway)).toBe(200);
  await vi.waitFor(() => expect(probes()).toBeGreaterThan(REQUESTS), PATIENT);
  const before = await settledMetrics(gateway);
  const probesBefore = probes();
  await vi.waitFor(() => expect(probes()).toBeGreaterThan(probesBefore + MORE_PROBES), PATIENT);
  const after = await settledMetrics(gateway);
  expect(countsOfUsers(after)).toEqual(countsOfUsers(before));

  const asked = primary.attempts().filter(({ headers }) => headers['x-gatewayz-probe'] === undefined);
  expect(asked).toHaveLength(REQUESTS);
  const usage = expectedUsage(asked[0]?.json);
  expect([
    after.sum('model_inference_requests_total'),
    after.sum('gatewayz_attempts_total'),
    after.sum('tokens_used_total'),
    after.sum('fastapi_requests_total', { path: '/v1/chat/completions' }),
    after.value('gatewayz_provider_window_samples', { provider: 'primary' }),
  ]).toEqual([REQUESTS, REQUESTS, REQUESTS * usage.total_tokens, REQUESTS, REQUESTS]);
});
