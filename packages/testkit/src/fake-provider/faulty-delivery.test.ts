import { gunzipSync } from 'node:zlib';
import { Agent, request } from 'undici';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createManualClock } from '../clock/manual-clock.ts';
import { collectChat } from '../sse/collect-chat.ts';
import { readSse } from '../sse/read-sse.ts';
import { expectedAnswer } from './expected-answer.ts';
import type { FakeProvider } from './fake-provider.ts';
import { startFakeProvider } from './fake-provider.ts';
import type { Fault, Script } from './script.ts';
import {
  answers,
  failsWith200,
  hangs,
  redirectsTo,
  repliesWith,
  repliesWithoutChoices,
  stallsAt,
  streamsRaw,
} from './scripts.ts';

const PATIENT = { timeout: 10_000, interval: 5 };

const BODY = { model: 'm', messages: [{ role: 'user', content: 'words=12 please' }] };
const TEXT = expectedAnswer(BODY);
const clock = createManualClock();

let provider: FakeProvider;
let agent: Agent;

beforeEach(async () => {
  agent = new Agent();
  provider = await startFakeProvider({ clock });
});

afterEach(async () => {
  await agent.destroy();
  await provider.close();
});

function ask(script: Script, stream = true, signal?: AbortSignal) {
  provider.setDefault(script);
  return request(`${provider.url}/chat/completions`, {
    method: 'POST',
    dispatcher: agent,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...BODY, stream }),
    ...(signal === undefined ? {} : { signal }),
  });
}

async function readFaulty(fault: Fault) {
  const { body } = await ask(answers({ fault }));
  const reading = readSse(body);
  const chat = collectChat(await reading.all());
  return { reading, chat };
}

const broken: readonly Fault[] = [
  { kind: 'cut', at: { afterEvents: 4 } },
  { kind: 'reset', at: { afterEvents: 4 } },
  { kind: 'half_close', at: { afterEvents: 4 } },
  { kind: 'bad_chunk', at: { afterEvents: 4 } },
];

for (const fault of broken) {
  test(`${fault.kind} after four events delivers exactly those and then fails the reader`, async () => {
    const { reading, chat } = await readFaulty(fault);
    expect(reading.ended).toBe('failed');
    expect(chat).toMatchObject({ roles: ['assistant'], finishReasons: [], done: false });
    expect(TEXT.startsWith(chat.text)).toBe(true);
    const [attempt] = provider.attempts();
    expect(attempt).toMatchObject({ eventsSent: 4, piecesSent: 3, textSent: chat.text });
    expect(attempt?.end).toBe(`fault:${fault.kind}`);
  });
}

test('a clean close after four events looks like an end to HTTP and not to the reader of events', async () => {
  const { reading, chat } = await readFaulty({ kind: 'close', at: { afterEvents: 4 } });
  expect(reading.ended).toBe('clean');
  expect(chat).toMatchObject({ finishReasons: [], done: false });
  expect(provider.attempts()[0]).toMatchObject({ eventsSent: 4, end: 'fault:close' });
});

test('a fault beyond the end strikes before the terminator', async () => {
  const { reading, chat } = await readFaulty({ kind: 'cut', at: { afterEvents: 999 } });
  expect(reading.ended).toBe('failed');
  expect(chat).toMatchObject({ text: TEXT, done: true });
});

test('an error event is the last one, with or without [DONE]', async () => {
  const at = { afterEvents: 2 };
  const plain = await readFaulty({ kind: 'error_event', at });
  expect(plain.chat).toMatchObject({ errorEvent: { type: 'server_error' }, done: false });
  expect(plain.reading.ended).toBe('clean');
  const done = await readFaulty({ kind: 'error_event', at, error: { message: 'mine' }, done: true });
  expect(done.chat).toMatchObject({ errorEvent: { message: 'mine' }, done: true });
});

test('a stalled stream stays open, and the moment its reader leaves is written down', async () => {
  const leaving = new AbortController();
  const { body } = await ask(stallsAt({ afterEvents: 3 }), true, leaving.signal);
  const reading = readSse(body);
  let events = 0;
  for await (const _ of reading) {
    events += 1;
    if (events < 3) continue;
    expect(provider.attempts()[0]).toMatchObject({ end: 'fault:stall', endedAtMs: null });
    clock.advance(50);
    leaving.abort();
  }
  await vi.waitFor(() => expect(provider.stats().inFlight).toBe(0), PATIENT);
  expect(provider.attempts()[0]).toMatchObject({ end: 'fault:stall', clientClosedAtMs: clock.now() });
});

test('a reader who leaves a healthy stream is a client that closed', async () => {
  const leaving = new AbortController();
  const { body } = await ask(answers({ intervalMs: 1000 }), true, leaving.signal);
  for await (const _ of readSse(body)) leaving.abort();
  await vi.waitFor(() => expect(provider.stats().inFlight).toBe(0), PATIENT);
  expect(provider.attempts()[0]).toMatchObject({ end: 'client_closed', clientClosedAtMs: clock.now() });
  expect(clock.pendingTimers).toBe(0);
});

test('a hanging request gets nothing, and a stopped provider is not a client that left', async () => {
  const asking = ask(hangs());
  const failed = expect(asking).rejects.toThrow();
  await vi.waitFor(() => expect(provider.attempts()[0]?.end).toBe('fault:hang'), PATIENT);
  await provider.stop();
  await failed;
  expect(provider.attempts()[0]).toMatchObject({ bytesSent: 0, status: null, clientClosedAtMs: null });
});

test('a stop under a running stream ends it as closed by the server', async () => {
  const { body } = await ask(answers({ intervalMs: 1000 }));
  await provider.stop();
  const reading = readSse(body);
  await reading.all();
  expect(reading.ended).toBe('failed');
  expect(provider.attempts()[0]).toMatchObject({ end: 'server_closed', clientClosedAtMs: null });
});

test('delays before the head, before the body and between events are kept on the clock', async () => {
  const startMs = clock.now();
  const delays = { delayBeforeHeadersMs: 100, delayBeforeBodyMs: 200, intervalMs: 10 };
  const asking = ask(answers(delays));
  await vi.waitFor(() => expect(clock.pendingTimers).toBe(1), PATIENT);
  expect(provider.attempts()[0]?.status).toBeNull();
  await clock.advanceAsync(100);
  const { body, statusCode } = await asking;
  expect(statusCode).toBe(200);
  await vi.waitFor(() => expect(clock.pendingTimers).toBe(1), PATIENT);
  expect(provider.attempts()[0]?.eventsSent).toBe(0);
  await clock.advanceAsync(200);
  const all = readSse(body).all();
  await vi.waitFor(async () => {
    await clock.advanceAsync(10);
    expect(provider.attempts()[0]?.end).toBe('complete');
  }, PATIENT);
  expect(await all).toHaveLength(15);
  expect(provider.attempts()[0]?.endedAtMs).toBeGreaterThanOrEqual(startMs + 300 + 14 * 10);
});

test('stacked encodings are named in order and really applied', async () => {
  const { body, headers } = await ask(answers({ encoding: ['gzip', 'gzip'] }), false);
  expect(headers['content-encoding']).toBe('gzip, gzip');
  const plain = gunzipSync(gunzipSync(Buffer.from(await body.arrayBuffer())));
  expect(JSON.parse(plain.toString())).toMatchObject({ choices: [{ message: { content: TEXT } }] });
});

test('bodies of one’s own go out under any status', async () => {
  const json = async (script: Script): Promise<unknown> => (await ask(script, false)).body.json();
  expect(await json(failsWith200())).toMatchObject({ error: { code: 'overloaded' } });
  expect(await json(repliesWithoutChoices())).toMatchObject({ choices: [] });
  expect(await json(repliesWith({ json: { odd: 1 } }, { status: 203 }))).toEqual({ odd: 1 });
  const redirect = await ask(redirectsTo('http://127.0.0.1:9/'), false);
  expect([redirect.statusCode, redirect.headers.location]).toEqual([307, 'http://127.0.0.1:9/']);
  await redirect.body.dump();
  const { body } = await ask(streamsRaw(['data: a\n\n', 'data: b\n\n']));
  expect((await readSse(body).all()).map(({ data }) => data)).toEqual(['a', 'b']);
  expect(provider.attempts().at(-1)?.eventsSent).toBe(2);
});
