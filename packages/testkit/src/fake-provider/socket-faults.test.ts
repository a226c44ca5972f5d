import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createManualClock } from '../clock/manual-clock.ts';
import type { RawAnswer } from '../wire/raw-request.ts';
import { rawRequest } from '../wire/raw-request.ts';
import type { FakeProvider } from './fake-provider.ts';
import { startFakeProvider } from './fake-provider.ts';
import type { Script } from './script.ts';
import { answers, cutsAt, failsWith, repliesWithBytes, sendsRaw } from './scripts.ts';

const PATIENT = { timeout: 10_000, interval: 5 };
const HEAD = 'POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n';
const clock = createManualClock();

let provider: FakeProvider;

beforeEach(async () => {
  provider = await startFakeProvider({ clock });
});

afterEach(async () => {
  await provider.close();
});

function toRequest(more: Record<string, unknown> = {}): string {
  const messages = [{ role: 'user', content: 'words=12 please' }];
  const body = JSON.stringify({ model: 'm', messages, ...more });
  return `${HEAD}Content-Length: ${body.length}\r\n\r\n${body}`;
}

/** Every byte of one exchange on a socket of its own. */
function rawAsk(script: Script, stream: boolean, timeoutMs = 200): Promise<RawAnswer> {
  provider.setDefault(script);
  return rawRequest(provider.port, toRequest({ stream }), { timeoutMs });
}

function bodyOf({ bytes }: RawAnswer): Buffer {
  return bytes.subarray(bytes.indexOf('\r\n\r\n') + 4);
}

test('a cut after so many bytes sends exactly those, and counts only the events that they complete', async () => {
  const options = { framing: 'close', id: 'x', created: 1 } as const;
  const whole = bodyOf(await rawAsk(answers(options), true));
  const cut = bodyOf(await rawAsk(cutsAt({ afterBytes: 700 }, options), true));
  expect(cut).toEqual(whole.subarray(0, 700));
  const completed = cut.toString().split('\n\n').length - 1;
  expect(completed).toBeGreaterThan(1);
  expect(provider.attempts()[1]).toMatchObject({ eventsSent: completed, piecesSent: completed - 1 });
});

test('on the wire a cut is a FIN, a reset an RST, and a half-close waits for the client to leave', async () => {
  const at = { afterEvents: 3 };
  expect((await rawAsk(answers({ fault: { kind: 'cut', at } }), true)).closedBy).toBe('server');
  expect((await rawAsk(answers({ fault: { kind: 'reset', at } }), true)).closedBy).toBe('reset');
  expect((await rawAsk(answers({ fault: { kind: 'half_close', at } }), true)).closedBy).toBe('server');
  await vi.waitFor(() => expect(provider.stats().inFlight).toBe(0), PATIENT);
  const left = provider.attempts().map(({ clientClosedAtMs }) => clientClosedAtMs !== null);
  expect(left).toEqual([false, false, true]);
});

test('an event is counted when its last byte has gone, not before', async () => {
  const asking = rawAsk(answers({ chunking: { sliceBytes: 100 }, intervalMs: 1000 }), true);
  await vi.waitFor(() => expect(clock.pendingTimers).toBe(1), PATIENT);
  const [attempt] = provider.attempts();
  expect(attempt?.bytesSent).toBeGreaterThan(100);
  expect(attempt?.eventsSent).toBe(0);
  await clock.advanceAsync(1000);
  expect(attempt?.eventsSent).toBe(1);
  await asking;
});

test('a request that comes while another is answered waits for its turn', async () => {
  provider.setScript('slow', failsWith(503, { delayBeforeHeadersMs: 1000 }));
  const answered = new Promise<string>((resolve) => {
    const socket: Socket = connect(provider.port, '127.0.0.1');
    let text = '';
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      if ((text.match(/HTTP\/1.1 /g) ?? []).length < 2) return;
      socket.destroy();
      resolve(text);
    });
    socket.write(toRequest({ model: 'slow' }));
    void vi
      .waitFor(() => expect(clock.pendingTimers).toBe(1), PATIENT)
      .then(() => socket.write(toRequest()))
      .then(() =>
        rawRequest(provider.port, toRequest({ model: 'other' }), { until: (other) => other !== '' }),
      )
      .then(() => clock.advance(1000));
  });
  const statuses = [...(await answered).matchAll(/HTTP\/1.1 (\d+)/g)].map(([, status]) => status);
  expect(statuses).toEqual(['503', '200']);
  expect(provider.attempts().map(({ model }) => model)).toEqual(['slow', 'other', 'm']);
});

test('a drip sends so many bytes at each interval', async () => {
  const asking = rawAsk(answers({ fault: { kind: 'drip', bytes: 10, intervalMs: 1000 } }), false);
  await vi.waitFor(() => expect(clock.pendingTimers).toBe(1), PATIENT);
  await clock.advanceAsync(2000);
  const { text } = await asking;
  expect(text.split('\r\n\r\n')[1]).toHaveLength(30);
});

test('a wrong content length is too long and cut, or too short and spilled', async () => {
  const long = await rawAsk(answers({ fault: { kind: 'wrong_content_length', delta: 5 } }), false);
  const declared = Number(/content-length: (\d+)/.exec(long.text)?.[1]);
  const received = bodyOf(long).length;
  expect(declared).toBe(received + 5);
  expect(long.closedBy).toBe('server');
  const short = await rawAsk(answers({ fault: { kind: 'wrong_content_length', delta: -5 } }), false);
  expect(Number(/content-length: (\d+)/.exec(short.text)?.[1])).toBe(received - 5);
});

test('a stream that lacks [DONE] may be left open', async () => {
  const answer = await rawAsk(answers({ done: 'missing_open' }), true);
  expect(answer.closedBy).toBe('timeout');
  expect(answer.text).toContain('"finish_reason":"stop"');
  expect(answer.text.endsWith('0\r\n\r\n')).toBe(false);
  expect(provider.attempts()[0]?.end).toBe('fault:left_open');
});

test('a body may end with the connection, and a reply may ask for its end', async () => {
  const unframed = await rawAsk(answers({ framing: 'close' }), true);
  expect(unframed.closedBy).toBe('server');
  expect(unframed.text).not.toMatch(/transfer-encoding|content-length/);
  const closing = await rawAsk(answers({ headers: { connection: 'close' } }), false);
  expect(closing).toMatchObject({ closedBy: 'server', statuses: [200] });
});

test('raw bytes go to the socket as they are', async () => {
  const answer = await rawAsk(sendsRaw('HTTP/9 what\r\n', 'end'), false);
  expect(answer.text).toBe('HTTP/9 what\r\n');
  expect(await rawAsk(sendsRaw('half', 'keep_open'), false)).toMatchObject({ closedBy: 'timeout' });
});

test('a reader who does not read blocks an endless body after a bounded number of bytes', async () => {
  provider.setDefault(repliesWithBytes(1 << 30));
  const socket = connect(provider.port, '127.0.0.1');
  socket.pause();
  socket.write(toRequest());
  await vi.waitFor(() => expect(provider.attempts()[0]?.blockedSinceMs).not.toBeNull(), PATIENT);
  const sent = await settledBytes();
  expect(sent).toBeGreaterThan(0);
  expect(sent).toBeLessThan(64 << 20);
  socket.destroy();
  await vi.waitFor(() => expect(provider.attempts()[0]?.end).toBe('client_closed'), PATIENT);
});

/** Bytes sent once two looks a few turns apart agree. */
async function settledBytes(): Promise<number> {
  let before = -1;
  await vi.waitFor(() => {
    const now = provider.attempts()[0]?.bytesSent ?? 0;
    const isSettled = now === before;
    before = now;
    expect(isSettled).toBe(true);
  }, PATIENT);
  return before;
}
