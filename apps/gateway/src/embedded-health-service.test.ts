import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { EmbeddedHealthService } from './embedded-health-service.ts';

/** A thread that does nothing but what a test says it does. */
class FakeWorker extends EventEmitter {
  readonly data: { readonly port: number };
  readonly limits: Readonly<Record<string, number>>;
  readonly received: unknown[] = [];
  isTerminated = false;

  constructor(
    _entry: URL,
    options: {
      readonly workerData: { readonly port: number };
      readonly resourceLimits: Readonly<Record<string, number>>;
    },
  ) {
    super();
    this.data = options.workerData;
    this.limits = options.resourceLimits;
    workers.push(this);
  }

  postMessage(message: unknown): void {
    this.received.push(message);
  }

  async terminate(): Promise<number> {
    this.isTerminated = true;
    this.emit('exit', 1);
    return 1;
  }

  listen(port = 4321): void {
    this.emit('message', { kind: 'listening', url: `http://127.0.0.1:${port}` });
  }
}

const workers: FakeWorker[] = [];
const lines: unknown[] = [];
const ends: [code: number, isFinal: boolean][] = [];

vi.doMock('node:worker_threads', () => ({ Worker: FakeWorker }));
vi.doMock('./log.ts', () => ({ log: () => undefined, describeError: () => ({}) }));
vi.doMock('@gatewayz/telemetry', () => ({
  getLogger: () => ({
    info: (...line: unknown[]) => void lines.push(['info', ...line]),
    warn: (...line: unknown[]) => void lines.push(['warn', ...line]),
  }),
}));
const { startEmbeddedHealthService } = await import('./embedded-health-service.ts');

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});

afterEach(() => {
  vi.useRealTimers();
  workers.length = 0;
  ends.length = 0;
  lines.length = 0;
});

function latest(): FakeWorker {
  const worker = workers.at(-1);
  if (worker === undefined) throw new Error('no thread has been started');
  return worker;
}

async function start(): Promise<EmbeddedHealthService> {
  const starting = startEmbeddedHealthService({
    backendUrl: 'http://127.0.0.1:8000',
    onExit: (code, isFinal) => ends.push([code, isFinal]),
  });
  latest().listen();
  return starting;
}

/** How long after its end the thread is started again; null where it is not within ten minutes. */
async function restartedAfterMs(): Promise<number | null> {
  const before = workers.length;
  const endedAtMs = performance.now();
  for (let waitedMs = 0; waitedMs < 600_000; waitedMs += 500) {
    await vi.advanceTimersByTimeAsync(500);
    if (workers.length > before) return performance.now() - endedAtMs;
  }
  return null;
}

test('a thread that ends by itself is started again on its port, later each time, and at last no more', async () => {
  const service = await start();
  expect(service.url).toBe('http://127.0.0.1:4321');
  expect(latest().data).toMatchObject({ port: 0, host: '127.0.0.1', backendUrl: 'http://127.0.0.1:8000' });
  expect(latest().limits.maxOldGenerationSizeMb).toBeGreaterThan(100);
  const waits: (number | null)[] = [];
  for (let end = 0; end < 11; end += 1) {
    latest().emit('exit', 1);
    waits.push(await restartedAfterMs());
    expect(latest().data.port).toBe(4321);
    latest().listen();
  }
  const doubling = [1, 2, 4, 8, 16, 32].map((seconds) => seconds * 1000);
  expect(waits).toEqual([...doubling, 60_000, 60_000, 60_000, 60_000, null]);
  expect(ends.map(([, isFinal]) => isFinal)).toEqual([...Array(10).fill(false), true]);
});

test('a thread that does not come up again is tried again as if it had ended', async () => {
  await start();
  latest().emit('exit', 1);
  expect(await restartedAfterMs()).toBe(1000);
  latest().emit('exit', 1);
  expect(await restartedAfterMs()).toBe(2000);
  // This one neither listens nor ends: it is ended after its time to start.
  const silent = latest();
  expect(await restartedAfterMs()).toBe(20_000 + 4000);
  expect(silent.isTerminated).toBe(true);
});

test('one that has run for long is started again after the first wait', async () => {
  await start();
  latest().emit('exit', 1);
  expect(await restartedAfterMs()).toBe(1000);
  latest().listen();
  await vi.advanceTimersByTimeAsync(300_001);
  latest().emit('exit', 1);
  expect(await restartedAfterMs()).toBe(1000);
});

test('a first start that fails, or takes too long, is an error and is not tried again', async () => {
  for (const fail of [() => latest().emit('exit', 1), () => void vi.advanceTimersByTime(20_000)]) {
    const started = workers.length;
    const starting = startEmbeddedHealthService({ backendUrl: 'http://127.0.0.1:8000' });
    const refusal = expect(starting).rejects.toThrow('ended with 1 before it listened');
    fail();
    await refusal;
    expect(await restartedAfterMs()).toBeNull();
    expect(workers.length).toBe(started + 1);
  }
});

test('to stop is to tell the thread and wait, and to end it where it does not end in time', async () => {
  const obedient = await start();
  const stopping = obedient.stop();
  expect(latest().received).toEqual(['stop']);
  latest().emit('exit', 0);
  await stopping;
  expect(latest().isTerminated).toBe(false);
  expect(await restartedAfterMs()).toBeNull();

  const stubborn = await start();
  const ending = stubborn.stop();
  await vi.advanceTimersByTimeAsync(4999);
  expect(latest().isTerminated).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  await ending;
  expect(latest().isTerminated).toBe(true);
  expect(ends).toEqual([]);
});

test('a stop between an end and the next start leaves nothing to start', async () => {
  const service = await start();
  latest().emit('exit', 1);
  await service.stop();
  expect(await restartedAfterMs()).toBeNull();
  expect(workers).toHaveLength(1);
});

test('what the thread logs is written by this process, before it listens and after', async () => {
  const starting = startEmbeddedHealthService({ backendUrl: 'http://127.0.0.1:8000' });
  const say = (level: string, message: string, more = {}): void =>
    void latest().emit('message', { kind: 'line', level, message, fields: { provider: 'groq' }, ...more });
  say('info', 'verdict changed');
  latest().listen();
  await starting;
  say('warn', 'incident opened', { repeatKey: 'inc-1' });
  const fields = { component: 'health-service', provider: 'groq' };
  expect(lines).toEqual([
    ['info', 'verdict changed', fields],
    ['warn', 'incident opened', fields, { repeatKey: 'inc-1' }],
  ]);
});
