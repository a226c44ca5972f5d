import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FakeProviderOptions, repositoryRoot } from '@gatewayz/testkit';
import { expect, test, vi } from 'vitest';
import { type RunningHealthService, startHealthService, startProviders } from './health-stage.ts';

const PROVIDERS = 30;
const MODELS_EACH = 300;
const MODELS = PROVIDERS * MODELS_EACH;
const MEMORY_BYTES = 300_000_000;
const ROUNDS = 41;
const IN_TIME = { timeout: 120_000, interval: 500 } as const;

/** Everything of one round at once, as fast as it goes; after it nothing is due for hours. */
const ONE_ROUND = {
  probes: { concurrency: 200, concurrencyPerProvider: 10, perMinutePerProvider: 10_000 },
};

/** What the app's own start script tells V8, which on a large machine would let its heap grow far beyond need. */
function readNodeArgs(): readonly string[] {
  const text = readFileSync(join(repositoryRoot, 'apps/health-service/package.json'), 'utf8');
  const { scripts } = JSON.parse(text) as { readonly scripts: { readonly start: string } };
  return scripts.start.split(' ').filter((argument) => argument.startsWith('--'));
}

function residentBytes(service: RunningHealthService): number {
  const status = readFileSync(`/proc/${service.process.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

interface Timed {
  readonly medianMs: number;
  readonly bytes: number;
}

async function time(url: string, accept = 'application/json'): Promise<Timed> {
  const times: number[] = [];
  let bytes = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const startMs = performance.now();
    const response = await fetch(url, { headers: { accept } });
    bytes = (await response.arrayBuffer()).byteLength;
    times.push(performance.now() - startMs);
  }
  return { medianMs: times.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? Number.NaN, bytes };
}

test('9,000 models at 30 providers fit into 300 MB, and the answers stay small', async () => {
  const names = Array.from({ length: PROVIDERS }, (_, index) => `provider-${index}`);
  const models = Array.from({ length: MODELS_EACH }, (_, index) => `family/model-number-${index}`);
  const options = Object.fromEntries<FakeProviderOptions>(
    names.map((name) => [name, { keepLog: 'summary' }]),
  );
  await using stage = await startProviders(options, models);
  await using service = await startHealthService({
    config: { providers: stage.sections, healthService: ONE_ROUND },
    nodeArgs: readNodeArgs(),
  });
  await vi.waitFor(
    async () => expect(await service.get('/status')).toMatchObject({ models_tracked: MODELS }),
    IN_TIME,
  );
  expect((await service.post('/check/trigger')).json).toMatchObject({ triggered: MODELS + PROVIDERS });
  await vi.waitFor(
    async () =>
      expect(await service.get('/metrics')).toMatchObject({ status_distribution: { healthy: MODELS } }),
    IN_TIME,
  );
  const completions = names.map((name) => stage.providers[name]?.attempts().length);
  expect(Math.min(...completions.map(Number))).toBeGreaterThanOrEqual(MODELS_EACH);

  expect(await service.get('/status')).toMatchObject({
    models_tracked: MODELS,
    providers_tracked: PROVIDERS,
    availability_cache_size: MODELS + PROVIDERS,
  });
  expect(await service.get('/metrics')).toMatchObject({
    total_models: MODELS,
    tracked_models: MODELS,
    total_providers: PROVIDERS,
    active_incidents: 0,
  });
  const answers = {
    '/status': await time(`${service.url}/status`),
    '/metrics': await time(`${service.url}/metrics`),
    '/metrics as text': await time(`${service.url}/metrics`, 'text/plain'),
    '/cache/stats': await time(`${service.url}/cache/stats`),
    '/providers': await time(`${service.url}/providers`),
    '/models': await time(`${service.url}/models`),
    '/models?limit=10000': await time(`${service.url}/models?limit=10000`),
    '/uptime': await time(`${service.url}/uptime`),
  };
  const bytes = residentBytes(service);
  console.table(
    Object.fromEntries(
      Object.entries(answers).map(([path, one]) => [
        path,
        { 'median ms': Number(one.medianMs.toFixed(1)), bytes: one.bytes },
      ]),
    ),
  );
  console.info(`resident after a whole round: ${(bytes / 1_000_000).toFixed(0)} MB`);

  expect(bytes).toBeLessThan(MEMORY_BYTES);
  // The four that are polled, and scraped, do not grow with the models.
  for (const path of ['/status', '/metrics', '/cache/stats'] as const)
    expect([path, answers[path].bytes < 1000]).toEqual([path, true]);
  expect(answers['/metrics as text'].bytes).toBeLessThan(100_000);
  expect(answers['/models'].bytes).toBeLessThan(400_000);
  expect(answers['/models?limit=10000'].bytes).toBeLessThan(4_000_000);
}, 300_000);
