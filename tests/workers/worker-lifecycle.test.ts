import {
  answers,
  collectChat,
  type FakeHealthService,
  freePort,
  readSse,
  startFakeHealthService,
  startGateway,
  startProcess,
} from '@gatewayz/testkit';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { chatBody } from '../ask.ts';
import type { Stage } from '../stage.ts';
import {
  allRun,
  askOnce,
  childrenOf,
  PATIENT,
  readDashboard,
  signalWorker,
  startWorkerStage,
  whileStopped,
} from './worker-stage.ts';

// Three processes start before anything is asked.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const WORDS = 60;

function openStream(url: string): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify(chatBody('x', { stream: true })),
  });
}

test('on SIGTERM every worker is unready first, open streams end whole, and the exit code is 0', async () => {
  const script = answers({ intervalMs: 20, text: 'word '.repeat(WORDS).trim() });
  await using stage = await startWorkerStage({
    providers: { primary: { byDefault: script } },
    config: { server: { drainDelayMs: 1500, drainDeadlineMs: 60_000 } },
  });
  const { gateway } = stage;
  const streams = await Promise.all(Array.from({ length: 8 }, () => openStream(gateway.url)));
  const chats = streams.map((response) => readSse(response).all());
  gateway.process.kill('SIGTERM');
  await vi.waitFor(async () => {
    const asked = Array.from({ length: 8 }, () => askOnce(gateway, '/health/ready'));
    expect(new Set(await Promise.all(asked))).toEqual(new Set([503]));
  }, PATIENT);
  for (const events of chats) {
    expect(collectChat(await events)).toMatchObject({ done: true, finishReasons: ['stop'] });
  }
  expect(await gateway.process.exit).toEqual({ code: 0, signal: null });
});

test('a second signal ends all workers at once, and not with 0', async () => {
  await using stage = await startWorkerStage({
    providers: { primary: {} },
    config: { server: { drainDelayMs: 60_000, drainDeadlineMs: 60_000 } },
  });
  const { gateway } = stage;
  gateway.process.kill('SIGTERM');
  await vi.waitFor(async () => expect(await askOnce(gateway, '/health/ready')).toBe(503), PATIENT);
  const workers = childrenOf(gateway.process.pid);
  gateway.process.kill('SIGTERM');
  expect((await gateway.process.exit).code).toBeGreaterThan(0);
  await vi.waitFor(() => workers.forEach(expectGone), PATIENT);
});

test('a port that is taken is told once, and ends the start with 1', async () => {
  const port = await freePort();
  const config = {
    auth: { mode: 'open' },
    providers: { p: { baseUrl: 'http://127.0.0.1:9/v1', models: ['m'] } },
  };
  const holder = `require('node:net').createServer().listen(${port}, '127.0.0.1', () => console.log('held'))`;
  await using _ = await startProcess({
    command: process.execPath,
    args: ['-e', holder],
    readyWhen: /held/,
  });
  const starting = startGateway({ config, env: { GATEWAYZ_WORKERS: '3', PORT: String(port) } });
  const output = await starting.then(
    () => 'it started',
    (error: Error) => error.message,
  );
  expect(output).toContain('exited before it was ready');
  expect(output.match(/EADDRINUSE/g)).toHaveLength(1);
});

describe('two workers', () => {
  let health: FakeHealthService;
  let stage: Stage<'primary'>;

  beforeAll(async () => {
    health = await startFakeHealthService();
    stage = await startWorkerStage({
      providers: { primary: {} },
      config: { health: { pollIntervalMs: 600_000 } },
      gateway: {
        env: { HEALTH_SERVICE_URL: health.url, ADMIN_TOKEN: 'admin-token', METRICS_TOKEN: 'metrics-token' },
      },
    });
  });

  afterAll(async () => {
    await stage.close();
    await health.close();
  });

  const ask = (path: string, token: string): Promise<Response> =>
    fetch(`${stage.gateway.url}${path}`, {
      headers: { authorization: `Bearer ${token}`, connection: 'close' },
    });

  test('answer the views together, and each of them wants the token', async () => {
    for (let asked = 0; asked < 30; asked += 1) {
      await askOnce(stage.gateway, '/v1/chat/completions', chatBody('x'));
    }
    await vi.waitFor(async () => {
      const view = await ask('/prometheus/metrics/models', 'metrics-token');
      expect(view.headers.get('x-gatewayz-source')).toBe('local');
      expect(await view.text()).toMatch(/\b30(?:\.0)?$/m);
    }, PATIENT);
    for (const path of ['/metrics', '/prometheus/metrics/summary']) {
      expect((await ask(path, 'other')).status).toBe(401);
    }
  });

  test('ask the health service once, and another does when the one that asks is gone', async () => {
    const { gateway } = stage;
    const isUp = async (): Promise<void> =>
      expect((await gateway.metrics()).value('gatewayz_health_service_up')).toBe(1);
    await vi.waitFor(isUp, PATIENT);
    expect(health.stats().requests).toMatchObject({ '/health': 1, '/status': 1 });
    signalWorker(gateway, 0, 'SIGKILL');
    await vi.waitFor(
      () => expect(health.stats().requests).toMatchObject({ '/health': 2, '/status': 2 }),
      PATIENT,
    );
    await allRun(gateway);
    await vi.waitFor(isUp, PATIENT);
    expect(health.stats().requests).toMatchObject({ '/health': 2, '/status': 2 });
  });

  test('have a breaker forced together, one that starts later included', async () => {
    const { gateway } = stage;
    const forced = await fetch(`${gateway.url}/admin/providers/primary/breaker`, {
      method: 'POST',
      headers: {
        authorization: 'Bearer admin-token',
        'content-type': 'application/json',
        connection: 'close',
      },
      body: JSON.stringify({ state: 'forced_open', reason: 'maintenance' }),
    });
    expect(forced.status).toBe(200);
    const states = async (): Promise<unknown[]> => {
      const found: unknown[] = [];
      for (const stopped of [0, 1]) {
        const page = await whileStopped(gateway, stopped, () => readDashboard(gateway));
        found.push(page.providers[0]?.circuit_breaker_state);
      }
      return found;
    };
    await vi.waitFor(async () => expect(await states()).toEqual(['open', 'open']), PATIENT);
    signalWorker(gateway, 1, 'SIGKILL');
    await allRun(gateway, 2, 2);
    expect(await states()).toEqual(['open', 'open']);
  });

  test('end when the process that started them is killed', async () => {
    const workers = childrenOf(stage.gateway.process.pid);
    expect(workers).toHaveLength(2);
    stage.gateway.process.kill('SIGKILL');
    await vi.waitFor(() => workers.forEach(expectGone), PATIENT);
  });
});

function expectGone(pid: number): void {
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
}
