import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { repositoryRoot, startProcess, temporaryFolder } from '@gatewayz/testkit';
import { expect, test, vi } from 'vitest';
import { OFTEN, PATIENT, startHealthService, startProviders } from './health-stage.ts';

const MAIN = join(repositoryRoot, 'apps/health-service/src/main.ts');

test('every problem of a broken configuration is listed at once, and the exit is 1', async () => {
  await using folder = await temporaryFolder();
  const config = {
    providers: { primary: { baseUrl: 'ftp://127.0.0.1', apiKey: 'sk-canary-provider' } },
    healthService: {
      maintenance: [{ model: 'large', from: '2030-01-01T00:00:00Z', to: '2030-01-02T00:00:00Z' }],
    },
  };
  await using running = await startProcess({
    command: process.execPath,
    args: [MAIN],
    cwd: folder.path,
    env: { PORT: 'eighty', GATEWAYZ_CONFIG: await folder.write('gatewayz.yaml', JSON.stringify(config)) },
  });
  expect(await running.exit).toEqual({ code: 1, signal: null });
  for (const part of ['PORT', 'providers.primary.baseUrl']) expect(running.stderr()).toContain(part);
  expect(running.stderr()).not.toContain('sk-canary-provider');
});

test('a maintenance window for a model of no provider is refused', async () => {
  const window = { model: 'large', from: '2030-01-01T00:00:00Z', to: '2030-01-02T00:00:00Z' };
  const start = startHealthService({ config: { healthService: { maintenance: [window] } } });
  await expect(start).rejects.toThrow('healthService.maintenance[0].provider');
});

test('a second service on the same data folder is refused, and the first goes on', async () => {
  await using folder = await temporaryFolder('gatewayz-health-');
  await using first = await startHealthService({ config: {}, folder });
  await expect(startHealthService({ config: {}, folder })).rejects.toThrow('locked');
  expect(await first.get('/health')).toMatchObject({ status: 'healthy' });
}, 60_000);

test('as a worker thread it listens on a free port, probes the given providers, and stops when told', async () => {
  await using folder = await temporaryFolder('gatewayz-health-');
  await using stage = await startProviders({ primary: {} });
  const config = { auth: { mode: 'open' }, providers: stage.sections, healthService: OFTEN };
  const worker = new Worker(MAIN, {
    workerData: { host: '127.0.0.1', port: 0, backendUrl: stage.providers.primary.url },
    env: {
      GATEWAYZ_CONFIG: await folder.write('gatewayz.yaml', JSON.stringify(config)),
      GATEWAYZ_DATA_DIR: join(folder.path, 'data'),
      PORT: '1',
    },
    stderr: true,
  });
  const exit = new Promise<number>((resolve) => worker.once('exit', resolve));
  const listening = await new Promise<{ kind: string; url: string }>((resolve) =>
    worker.on('message', (message) => message.kind === 'listening' && resolve(message)),
  );
  expect(listening.kind).toBe('listening');
  await vi.waitFor(async () => {
    const response = await fetch(`${listening.url}/metrics`);
    expect(await response.json()).toMatchObject({ status_distribution: { healthy: 2 } });
  }, PATIENT);
  worker.postMessage('stop');
  expect(await exit).toBe(0);
  await expect(fetch(listening.url)).rejects.toThrow();
});
