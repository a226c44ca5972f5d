import { connect } from 'node:net';
import {
  answers,
  collectChat,
  freePort,
  hangs,
  type RunningGateway,
  readSse,
  repositoryRoot,
  startGateway,
  temporaryFolder,
} from '@gatewayz/testkit';
import { expect, test, vi } from 'vitest';
import { ask, chatBody } from './ask.ts';
import { type Stage, startStage } from './stage.ts';

const PATIENT = { timeout: 10_000, interval: 10 };
const WORDS = 120;

function startStreamingStage(server: Readonly<Record<string, number>>): Promise<Stage<'primary'>> {
  const script = answers({ intervalMs: 20, text: 'word '.repeat(WORDS).trim() });
  return startStage({ providers: { primary: { byDefault: script } }, config: { server } });
}

/** Opens a stream and resolves once its first bytes are there. */
async function openStream({ url }: RunningGateway): Promise<Response> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(chatBody('x', { stream: true })),
  });
  expect(response.status).toBe(200);
  return response;
}

async function readinessOf(gateway: RunningGateway): Promise<number> {
  return (await ask(gateway, { path: '/health/ready' })).status;
}

function refusesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(false));
    socket.once('error', () => resolve(true));
    socket.once('close', () => socket.destroy());
    socket.once('connect', () => socket.destroy());
  });
}

test('a gateway that runs is live, ready and healthy', async () => {
  await using stage = await startStage({ providers: { primary: {} } });
  for (const path of ['/health', '/health/live', '/health/ready'])
    expect([path, (await ask(stage.gateway, { path })).status]).toEqual([path, 200]);
  const { json } = await ask(stage.gateway, { path: '/health' });
  expect(json).toMatchObject({ status: 'healthy', version: expect.any(String), checks: expect.any(Object) });
  expect(new Date((json as { timestamp: string }).timestamp).getTime()).toBeGreaterThan(Date.now() - 60_000);
});

test.each(['SIGTERM', 'SIGINT'] as const)(
  'on %s readiness goes first, the open stream ends whole, and the process exits with 0',
  async (signal) => {
    await using stage = await startStreamingStage({ drainDelayMs: 1200, drainDeadlineMs: 60_000 });
    const { gateway } = stage;
    const reading = readSse(await openStream(gateway));
    const events = reading.all();
    gateway.process.kill(signal);
    await vi.waitFor(async () => expect(await readinessOf(gateway)).toBe(503), PATIENT);
    expect((await ask(gateway, { path: '/health/live' })).status).toBe(200);
    expect((await ask(gateway, { path: '/v1/models' })).status).toBe(200);
    await vi.waitFor(async () => expect(await refusesConnections(gateway.port)).toBe(true), PATIENT);
    const chat = collectChat(await events);
    expect(chat).toMatchObject({ done: true, finishReasons: ['stop'], errorEvent: null });
    expect(chat.text).toBe('word '.repeat(WORDS).trim());
    expect(await gateway.process.exit).toEqual({ code: 0, signal: null });
  },
);

test('a stream that outlives the deadline is ended, and the process still exits with 0', async () => {
  await using stage = await startStreamingStage({ drainDelayMs: 0, drainDeadlineMs: 200 });
  const reading = readSse(await openStream(stage.gateway));
  const events = reading.all();
  stage.gateway.process.kill('SIGTERM');
  expect(await stage.gateway.process.exit).toEqual({ code: 0, signal: null });
  expect(collectChat(await events)).toMatchObject({ done: false, finishReasons: [] });
  const [attempt] = stage.providers.primary.attempts();
  await vi.waitFor(() => expect(attempt?.end).toBe('client_closed'), PATIENT);
});

test('a second signal ends the process at once, open stream or not, and not with 0', async () => {
  await using stage = await startStreamingStage({ drainDelayMs: 60_000, drainDeadlineMs: 60_000 });
  const { gateway } = stage;
  const events = readSse(await openStream(gateway)).all();
  gateway.process.kill('SIGTERM');
  await vi.waitFor(async () => expect(await readinessOf(gateway)).toBe(503), PATIENT);
  gateway.process.kill('SIGTERM');
  const { code } = await gateway.process.exit;
  expect(code).toBeGreaterThan(0);
  expect(collectChat(await events).done).toBe(false);
});

test('idle keep-alive connections do not hold up the exit', async () => {
  await using stage = await startStreamingStage({ drainDelayMs: 0, drainDeadlineMs: 60_000 });
  const idle = connect(stage.gateway.port, '127.0.0.1');
  const silent = connect(stage.gateway.port, '127.0.0.1');
  idle.write('GET /health HTTP/1.1\r\nhost: x\r\n\r\n');
  await new Promise((resolve) => idle.once('data', resolve));
  stage.gateway.process.kill('SIGTERM');
  expect(await stage.gateway.process.exit).toEqual({ code: 0, signal: null });
  idle.destroy();
  silent.destroy();
});

test('providers that are dead or hang, with lists to be had, do not delay the start', async () => {
  await using stage = await startStage({
    providers: { hanging: { modelsScript: hangs(), byDefault: hangs() } },
  });
  const dead = `http://127.0.0.1:${await freePort()}/v1`;
  const providers = {
    hanging: { baseUrl: stage.providers.hanging.url },
    dead: { baseUrl: dead },
    present: { baseUrl: dead, models: ['large'] },
  };
  await using gateway = await startGateway({
    config: { auth: { mode: 'open' }, providers, retries: { attempts: 0 } },
    readyTimeoutMs: 10_000,
  });
  expect((await ask(gateway, { path: '/v1/models' })).json).toMatchObject({ data: [{ id: 'large' }] });
  const unknown = await ask(gateway, { body: chatBody('x', { model: 'elsewhere' }) });
  expect([unknown.status, unknown.error?.code]).toEqual([503, 'model_list_unavailable']);
  expect(unknown.headers.get('retry-after')).toMatch(/^\d+$/);
  expect((await ask(gateway, { body: chatBody('x') })).status).toBe(502);
  gateway.process.kill('SIGTERM');
  expect(await gateway.process.exit).toEqual({ code: 0, signal: null });
});

test('an unhandled rejection is logged and ends the process, not with 0', async () => {
  await using folder = await temporaryFolder();
  const rejecting = `process.on('SIGUSR2', () => void Promise.reject(new TypeError('nobody awaits this')));`;
  const module = await folder.write('rejecting.mjs', rejecting);
  await using gateway = await startGateway({
    config: {
      auth: { mode: 'open' },
      providers: { none: { baseUrl: 'http://127.0.0.1:9/v1', models: ['m'] } },
    },
    nodeArgs: ['--import', module],
  });
  gateway.process.kill('SIGUSR2');
  const { code } = await gateway.process.exit;
  expect(code).toBeGreaterThan(0);
  const line = gateway.process.stdout().trim().split('\n').at(-1) ?? '';
  expect(JSON.parse(line)).toMatchObject({
    level: 'ERROR',
    error: 'TypeError',
    detail: 'nobody awaits this',
    time: expect.stringMatching(/^\d{4}-/),
  });
  expect(line).not.toContain(`${repositoryRoot}/tests`);
});
