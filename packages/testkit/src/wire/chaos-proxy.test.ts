import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ChaosProxy } from './chaos-proxy.ts';
import { startChaosProxy } from './chaos-proxy.ts';
import { freePort } from './free-port.ts';
import { rawRequest } from './raw-request.ts';

const PATIENT = { timeout: 10_000, interval: 5 };

const ANSWER = 'x'.repeat(1000);

let server: Server;
let proxy: ChaosProxy;
let ends: string[];

/** Echoes; on `bye` it ends. */
function serve(socket: Socket): void {
  socket.on('data', (bytes) => {
    if (bytes.toString() === 'bye') socket.end();
    else socket.write(bytes);
  });
  socket.on('end', () => ends.push('end'));
  socket.on('error', (error: NodeJS.ErrnoException) => ends.push(error.code ?? error.message));
}

beforeEach(async () => {
  ends = [];
  const port = await freePort();
  server = createServer(serve);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  proxy = await startChaosProxy({ target: { host: '127.0.0.1', port } });
});

afterEach(async () => {
  await proxy.close();
  server.close();
});

const isWhole = (text: string): boolean => text.length >= ANSWER.length;

test('bytes pass through in both directions and are counted', async () => {
  const answer = await rawRequest(proxy.port, ANSWER, { until: isWhole });
  expect(answer.text).toBe(ANSWER);
  await vi.waitFor(
    () =>
      expect(proxy.stats()).toEqual({ connections: 1, openConnections: 0, bytesUp: 1000, bytesDown: 1000 }),
    PATIENT,
  );
  await vi.waitFor(() => expect(ends).toEqual(['end']), PATIENT);
});

test('the end of one side is told to the other', async () => {
  expect(await rawRequest(proxy.port, 'bye')).toMatchObject({ closedBy: 'server', text: '' });
});

test('a cut lets exactly so many bytes through, and ends as told', async () => {
  proxy.setFault({ direction: 'down', cutAfterBytes: 300 });
  const cut = await rawRequest(proxy.port, ANSWER);
  expect([cut.bytes.length, cut.closedBy]).toEqual([300, 'server']);
  proxy.setFault({ direction: 'down', cutAfterBytes: 300, cutBy: 'reset' });
  const reset = await rawRequest(proxy.port, ANSWER);
  expect(reset.closedBy).toBe('reset');
});

test('a black hole passes nothing until it is healed, and then what it held', async () => {
  proxy.setFault({ blackhole: true });
  const held = await rawRequest(proxy.port, 'hello', { timeoutMs: 100 });
  expect(held).toMatchObject({ closedBy: 'timeout', text: '' });
  const waiting = rawRequest(proxy.port, 'hello', { until: (text) => text === 'hello' });
  await vi.waitFor(() => expect(proxy.stats().connections).toBe(2), PATIENT);
  proxy.setFault({});
  expect((await waiting).text).toBe('hello');
});

test('slices arrive whole and in order', async () => {
  proxy.setFault({ sliceBytes: 7 });
  const text = Array.from({ length: 250 }, (_, index) => String(index).padStart(4, '0')).join('');
  const sizes: number[] = [];
  const answer = await rawRequest(proxy.port, text, {
    until: (all) => {
      sizes.push(all.length);
      return all.length >= text.length;
    },
  });
  expect(answer.text).toBe(text);
  expect(sizes.length).toBeGreaterThan(2);
});

test('latency holds every piece back, and bandwidth spreads them', async () => {
  const timed = async (): Promise<number> => {
    const startMs = performance.now();
    expect((await rawRequest(proxy.port, ANSWER, { until: isWhole })).text).toBe(ANSWER);
    return performance.now() - startMs;
  };
  proxy.setFault({ latencyMs: 60, direction: 'up' });
  expect(await timed()).toBeGreaterThan(55);
  proxy.setFault({ bytesPerSecond: 10_000, direction: 'down' });
  expect(await timed()).toBeGreaterThan(70);
});

test('connections are refused, or dropped while open', async () => {
  proxy.setFault({ refuse: true });
  expect(await rawRequest(proxy.port, 'hello')).toMatchObject({ closedBy: 'reset' });
  proxy.setFault({});
  const socket = connect(proxy.port, '127.0.0.1');
  socket.write('hello');
  await once(socket, 'data');
  const failed = once(socket, 'error');
  proxy.dropConnections('reset');
  await expect(failed).resolves.toMatchObject([{ code: 'ECONNRESET' }]);
});

test('a slow close delays the end and nothing else', async () => {
  proxy.setFault({ closeDelayMs: 300 });
  const startMs = performance.now();
  const answer = await rawRequest(proxy.port, 'bye');
  expect(answer.closedBy).toBe('server');
  expect(performance.now() - startMs).toBeGreaterThan(280);
});

test('a client that does not read holds the target back', async () => {
  const piece = Buffer.alloc(1 << 20);
  const limit = 256;
  let written = 0;
  const flood = createServer((socket) => {
    const more = (): void => {
      for (let flows = true; flows && written < limit; written += 1) flows = socket.write(piece);
    };
    socket.on('drain', more);
    socket.on('error', () => undefined);
    more();
  });
  flood.listen(0, '127.0.0.1');
  await once(flood, 'listening');
  const { port } = flood.address() as AddressInfo;
  const slow = await startChaosProxy({ target: { host: '127.0.0.1', port } });
  const client = connect(slow.port, '127.0.0.1');
  client.pause();
  const looks: number[] = [];
  await vi.waitFor(() => {
    looks.push(written);
    expect(written).toBeGreaterThan(0);
    expect(looks.slice(-20)).toEqual(Array(20).fill(written));
  }, PATIENT);
  expect(written).toBeLessThan(limit);
  client.destroy();
  await slow.close();
  flood.close();
});
