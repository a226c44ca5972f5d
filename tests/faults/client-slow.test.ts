import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { type Attempt, answers, type RawAnswer } from '@gatewayz/testkit';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { ask, chatBody } from '../ask.ts';
import { settledMetrics } from '../settled-metrics.ts';
import { type Stage, startStage } from '../stage.ts';
import { outcomesOf } from './fault-stage.ts';
import { CHAT_HEAD, expectClosedWith, rawChat, sendRaw } from './raw-chat.ts';

const MEGABYTE = 1024 * 1024;
const STREAMED_MEGABYTES = 96;
/** What the sockets' own buffers may hold between a provider, the gateway and a client that reads nothing. */
const SOCKET_MEGABYTES = 24;
const WRITE_TIMEOUT_MS = 2500;
const RESIDENT = 'process_resident_memory_bytes';
const PATIENT = { timeout: 20_000, interval: 20 };
const PIECE = 'word '.repeat(3277);

function pieces(megabytes: number): () => Generator<string> {
  return function* () {
    for (let sent = 0; sent < megabytes * 64; sent += 1) yield PIECE;
  };
}

let stage: Stage<'primary'>;

beforeAll(async () => {
  stage = await startStage({
    providers: {
      primary: {
        models: {
          endless: answers({ pieces: pieces(STREAMED_MEGABYTES) }),
          long: answers({ pieces: pieces(12) }),
          plain: answers({ text: 'word '.repeat((20 * MEGABYTE) / 5) }),
        },
      },
    },
    models: ['large', 'endless', 'long', 'plain'],
    config: {
      server: { headersTimeoutMs: 600, requestTimeoutMs: 1000, writeTimeoutMs: WRITE_TIMEOUT_MS },
    },
  });
});

afterAll(() => stage.close());

beforeEach(() => stage.providers.primary.clear());

function open(bytes: string): Socket {
  const socket = connect(stage.gateway.port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(bytes);
  return socket;
}

/** Asks, reads the beginning of the answer, and then nothing more. */
async function openAndStopReading(model: string, stream: boolean): Promise<Socket> {
  const socket = open(rawChat({ model, stream }));
  await once(socket, 'readable');
  return socket;
}

function blocked(model: string, count: number): Promise<readonly Attempt[]> {
  return vi.waitFor(() => {
    const attempts = stage.providers.primary.attempts(model);
    expect(attempts.filter(({ blockedSinceMs }) => blockedSinceMs !== null)).toHaveLength(count);
    return attempts;
  }, PATIENT);
}

async function expectServed(): Promise<void> {
  expect((await ask(stage.gateway, { body: chatBody('other') })).status).toBe(200);
}

test('Client: reads slowly → back-pressure reaches the provider, and the write deadline ends it', async () => {
  const socket = await openAndStopReading('endless', true);
  const [attempt] = await blocked('endless', 1);
  expect(attempt?.bytesSent).toBeLessThan(SOCKET_MEGABYTES * MEGABYTE);
  await expectServed();
  await vi.waitFor(() => expect(attempt?.clientClosedAtMs).not.toBeNull(), PATIENT);
  expect(attempt?.bytesSent).toBeLessThan(SOCKET_MEGABYTES * MEGABYTE);
  const metrics = await settledMetrics(stage.gateway);
  expect(outcomesOf(metrics, 'primary', 'endless')).toEqual({ client_closed: 1 });
  socket.resume();
  await once(socket, 'close');
});

test('Client: reads slowly → bounded buffer: many of them take little memory', async () => {
  const readers = 12;
  const resident = async (): Promise<number> => (await stage.gateway.metrics()).sum(RESIDENT);
  const before = await resident();
  const opening = Array.from({ length: readers }, () => openAndStopReading('endless', true));
  const sockets = await Promise.all(opening);
  let most = before;
  await vi.waitFor(async () => {
    most = Math.max(most, await resident());
    const attempts = stage.providers.primary.attempts('endless');
    expect(attempts.every(({ clientClosedAtMs }) => clientClosedAtMs !== null)).toBe(true);
  }, PATIENT);
  for (const socket of sockets) socket.destroy();
  expect((most - before) / readers).toBeLessThan(16 * MEGABYTE);
  const sent = stage.providers.primary.attempts('endless').map(({ bytesSent }) => bytesSent);
  expect(Math.max(...sent)).toBeLessThan(SOCKET_MEGABYTES * MEGABYTE);
});

test('Client: reads slowly → but steadily: the answer comes whole, however long it takes', async () => {
  const socket = open(rawChat({ model: 'long', stream: true }, 'connection: close\r\n'));
  let bytes = 0;
  let tail = '';
  let since = 0;
  for await (const part of socket as AsyncIterable<Buffer>) {
    bytes += part.length;
    since += part.length;
    tail = (tail + part.toString('latin1')).slice(-100);
    if (since < MEGABYTE / 2) continue;
    since = 0;
    await wait(100);
  }
  expect(bytes).toBeGreaterThan(12 * MEGABYTE);
  expect(tail).toContain('data: [DONE]\n\n');
  expect(outcomesOf(await settledMetrics(stage.gateway), 'primary', 'long')).toEqual({ success: 1 });
});

test('Client: reads slowly → a plain answer that nobody takes is let go of after the write deadline', async () => {
  const socket = await openAndStopReading('plain', false);
  await settledMetrics(stage.gateway);
  let bytes = 0;
  socket.on('data', (part: Buffer) => {
    bytes += part.length;
  });
  await once(socket, 'close');
  expect(bytes).toBeLessThan(20 * MEGABYTE);
  await expectServed();
});

/** Others are served as long as the slow ones are not; those get 408 and the end of their connections. */
async function expectTimedOut(slow: readonly Promise<RawAnswer>[]): Promise<void> {
  let isOver = false;
  const all = Promise.all(slow).finally(() => {
    isOver = true;
  });
  let served = 0;
  do {
    await expectServed();
    served += 1;
    await wait(50);
  } while (!isOver);
  expect(served).toBeGreaterThan(1);
  for (const answer of await all) expectClosedWith(answer, 408);
  for (const { body } of stage.providers.primary.attempts()) expect(body.toString()).toContain('other');
}

/** Writes a part every 50 ms for as long as it is let. */
function drip(start: string, part: string): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const socket = open(start);
    const parts: Buffer[] = [];
    const timer = setInterval(() => socket.write(part), 50);
    socket.on('data', (bytes: Buffer) => parts.push(bytes));
    socket.once('close', () => {
      clearInterval(timer);
      const bytes = Buffer.concat(parts);
      const text = bytes.toString('latin1');
      const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => Number(match[1]));
      resolve({ bytes, text, statuses, closedBy: 'server' });
    });
  });
}

test('Client: slowloris headers → 408 at the header deadline, others unaffected', async () => {
  await expectTimedOut([sendRaw(stage.gateway.port, CHAT_HEAD), drip(CHAT_HEAD, 'x: y\r\n')]);
});

test('Client: slow body → 408 at the request deadline, others unaffected', async () => {
  await expectTimedOut([
    sendRaw(stage.gateway.port, `${CHAT_HEAD}content-length: 1000\r\n\r\n{"model":`),
    drip(`${CHAT_HEAD}content-length: 100000\r\n\r\n{"model":`, ' '),
    drip(`${CHAT_HEAD}transfer-encoding: chunked\r\n\r\n1\r\n{\r\n`, '1\r\n \r\n'),
  ]);
});

test('Client: thousands of idle connections → others are served, and the idle ones are let go of', async () => {
  const count = 2000;
  const before = (await settledMetrics(stage.gateway)).sum(RESIDENT);
  const sockets: Socket[] = [];
  let closed = 0;
  try {
    for (let batch = 0; batch < count; batch += 200) {
      const opened = Array.from({ length: 200 }, () => open('')).map((socket) => {
        socket.once('close', () => {
          closed += 1;
        });
        socket.resume();
        return socket;
      });
      sockets.push(...opened);
      await Promise.all(opened.map((socket) => once(socket, 'connect')));
      await expectServed();
    }
    const grown = (await stage.gateway.metrics()).sum(RESIDENT) - before;
    expect(grown / count).toBeLessThan(64 * 1024);
    await expectServed();
    await vi.waitFor(() => expect(closed).toBe(count), PATIENT);
  } finally {
    for (const socket of sockets) socket.destroy();
  }
  await expectServed();
});

test('Client: reads slowly → pages of metrics that nobody takes are let go of after the write deadline', async () => {
  const asked = 'GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(600);
  const socket = open(asked);
  socket.pause();
  await once(socket, 'connect');
  const startedAt = performance.now();
  // A paused socket hears of the end only when it is read again: the gateway's own view is what counts.
  await vi.waitFor(async () => {
    const metrics = await stage.gateway.metrics();
    const left = metrics.sum('fastapi_requests_total', {
      method: 'GET',
      path: '/metrics',
      status_code: '499',
    });
    expect(left).toBeGreaterThan(0);
  }, PATIENT);
  expect(performance.now() - startedAt).toBeGreaterThan(WRITE_TIMEOUT_MS / 2);
  socket.destroy();
});
