import { once } from 'node:events';
import { createRetryBudget } from '@gatewayz/provider-health';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { readAll, startExchanges } from './exchange-fixture.ts';
import { chatEvent, DONE_EVENT } from './stream-fixture.ts';

const ANSWER = '{"choices":[{"message":{"content":"Hi"}}],"usage":{"prompt_tokens":1,"completion_tokens":2}}';
const SSE = { 'content-type': 'text/event-stream' };
const LAST = chatEvent(null, { finish: 'stop' });

afterEach(() => {
  vi.useRealTimers();
});

/** Lets the clock of `performance.now` go on by this much, with the timers standing still. */
async function pass(ms: number): Promise<void> {
  const until = performance.now() + ms;
  while (performance.now() < until) await new Promise((resolve) => setImmediate(resolve));
}

describe('a target that asks for a wait', () => {
  test('is called again after it, even where the timer fires too early', async () => {
    await using stage = await startExchanges(['only']);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { client, exchange } = await stage.ask();
    (await stage.call()).answer(429, '{}', { 'retry-after-ms': '50' });
    vi.advanceTimersByTime(50);
    expect(stage.calls).toEqual([]);
    expect(exchange.outcome).toBeNull();
    await pass(55);
    vi.advanceTimersByTime(60);
    (await stage.call()).answer(200, ANSWER);
    expect(await readAll(client)).toContain(ANSWER);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('is left alone where the client leaves during the wait', async () => {
    await using stage = await startExchanges(['only']);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { client, exchange } = await stage.ask();
    (await stage.call()).answer(429, '{}', { 'retry-after-ms': '1000' });
    client.destroy();
    await vi.waitFor(() => expect(exchange.outcome).toBe('client_closed'));
    expect(vi.getTimerCount()).toBe(0);
    expect(stage.calls).toEqual([]);
    expect(stage.explanations.find('req-1', 'configured:0')?.outcome).toBe('client_closed');
  });
});

test('a client that leaves while the connection is being made frees its half-open place and stops the call', async () => {
  await using stage = await startExchanges(['only']);
  const { breaker } = stage.targets[0]?.provider.health ?? {};
  breaker?.forceOpen('', performance.now());
  breaker?.auto(performance.now());
  const { client, exchange } = await stage.ask();
  const call = await stage.call();
  expect(breaker?.wouldAdmit(performance.now())).toBe(false);
  client.destroy();
  await vi.waitFor(() => expect(exchange.outcome).toBe('client_closed'));
  expect(breaker?.wouldAdmit(performance.now())).toBe(true);
  expect(stage.targets[0]?.latency.inFlight).toBe(0);
  call.connect();
  expect(call.abortedBy).not.toBeNull();
});

test('an empty retry budget does not keep a request from a healthy spare', async () => {
  const budget = createRetryBudget({ ratio: 0, floorPerSecond: 0, floorBurst: 0 });
  await using stage = await startExchanges(['primary', 'spare'], { budget });
  const { client } = await stage.ask();
  (await stage.call()).answer(500, '{}');
  const second = await stage.call();
  expect(second.provider).toBe('spare');
  second.answer(200, ANSWER);
  expect(await readAll(client)).toContain(ANSWER);
});

test('an operator who takes every target out during a request leaves it a time to come back at', async () => {
  await using stage = await startExchanges(['only']);
  const { client } = await stage.ask();
  const call = await stage.call();
  stage.targets[0]?.provider.health.breaker.forceOpen('maintenance', performance.now());
  call.answer(503, '{}');
  expect(await readAll(client)).toMatch(/^HTTP\/1\.1 503 .*\r\nretry-after: 60\r\n/s);
});

describe('a stream that breaks off', () => {
  test('within an event is gone on with in an event of its own', async () => {
    await using stage = await startExchanges(['primary', 'spare']);
    const { client, exchange } = await stage.ask({ stream: true });
    const first = await stage.call();
    first.begin(200, SSE);
    first.data(`${chatEvent('Once')}dat`);
    first.end();
    const second = await stage.call();
    second.begin(200, SSE);
    second.data(chatEvent('Once upon') + LAST + DONE_EVENT);
    second.end();
    const text = await readAll(client);
    expect(text).toMatch(/\n\ndata: \{[^\n]*" upon"/);
    expect(text.match(/\[DONE\]/g)).toHaveLength(1);
    expect(exchange).toMatchObject({ outcome: 'success', streamEnd: 'continued' });
  });

  test('and whose spare is done before it has said as much ends in an error, not in [DONE]', async () => {
    await using stage = await startExchanges(['primary', 'spare'], {
      retries: { attempts: 1, budgetRatio: 0.2, maxWaitMs: 2000 },
    });
    const { client, exchange } = await stage.ask({ stream: true });
    const first = await stage.call();
    first.begin(200, SSE);
    first.data(chatEvent('Once upon'));
    first.end();
    const second = await stage.call();
    second.begin(200, SSE);
    second.data(chatEvent('Once') + DONE_EVENT);
    second.end();
    const text = await readAll(client);
    expect(text).toContain('data: {"error":');
    expect(text).not.toContain('[DONE]');
    expect(exchange).toMatchObject({ outcome: 'gateway', streamEnd: 'truncated' });
  });

  test('with a client that is full leaves the next target to be stopped as well', async () => {
    await using stage = await startExchanges(['primary', 'spare']);
    const { client, exchange } = await stage.ask({ stream: true });
    client.pause();
    const first = await stage.call();
    first.begin(200, SSE);
    first.data(chatEvent('Once'));
    first.data(`data: {"error":{"message":"over"}}\n\n`);
    exchange.clientFull();
    const second = await stage.call();
    second.begin(200, SSE);
    second.data(chatEvent('Once upon'));
    exchange.clientFull();
    expect(second.paused).toBe(true);
    exchange.clientDrained();
    expect(second.paused).toBe(false);
    client.destroy();
    await vi.waitFor(() => expect(exchange.outcome).toBe('client_closed'));
    expect(second.abortedBy).not.toBeNull();
  });
});

test('two choices, one after the other, are not taken for whole after the first', async () => {
  await using stage = await startExchanges(['only'], { continuation: false });
  const { client, exchange } = await stage.ask({ stream: true, n: 2 });
  const call = await stage.call();
  call.begin(200, SSE);
  call.data(chatEvent('a') + LAST);
  await pass(5);
  expect(exchange.outcome).toBeNull();
  call.data(chatEvent('b', { index: 1 }) + chatEvent(null, { index: 1, finish: 'stop' }));
  call.end();
  expect(await readAll(client)).toContain('[DONE]');
});

test('an answer is written once, and nothing follows it, whatever the provider still sends', async () => {
  await using stage = await startExchanges(['only']);
  const { client, exchange } = await stage.ask({ stream: true });
  const call = await stage.call();
  call.begin(200, SSE);
  call.data(chatEvent('Hi') + LAST + DONE_EVENT);
  call.data(chatEvent('more'));
  call.fail('ECONNRESET');
  const text = await readAll(client);
  expect(text).not.toContain('more');
  expect(exchange).toMatchObject({ outcome: 'success', streamEnd: 'complete' });
  if (!client.destroyed) await once(client, 'close');
});

test('a fault before anybody is called leaves no client waiting, and no place taken', async () => {
  const broken = new Error('planted');
  const billing = {
    admit: (): never => {
      throw broken;
    },
    settle: () => null,
  };
  await using stage = await startExchanges(['only'], { billing });
  const { client, exchange } = await stage.ask();
  if (!client.destroyed) await once(client, 'close');
  expect(stage.unexpected).toEqual([broken]);
  expect(stage.calls).toEqual([]);
  expect(exchange).toMatchObject({ outcome: 'gateway', endedAt: expect.any(Number) });
  expect(exchange.endedAt).toBeGreaterThan(0);
});

test('a fault of the gateway itself is told of, and leaves no client waiting', async () => {
  const broken = new Error('planted');
  const router = {
    pick: (): never => {
      throw broken;
    },
    again: (): never => {
      throw broken;
    },
  };
  await using stage = await startExchanges(['only', 'spare']);
  const { client, exchange } = await stage.ask();
  const call = await stage.call();
  Object.assign(stage.router, router);
  call.answer(500, '{}');
  if (!client.destroyed) await once(client, 'close');
  expect(stage.unexpected).toEqual([broken]);
  expect(exchange.outcome).toBe('gateway');
});
