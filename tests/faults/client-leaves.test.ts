import { connect, type Socket } from 'node:net';
import { answers, failsWith, hangs, type Metrics } from '@gatewayz/testkit';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { ask } from '../ask.ts';
import { settledMetrics } from '../settled-metrics.ts';
import { askPlain, expectWholeAnswer } from './chat.ts';
import { type FaultStage, NO_BREAKER, outcomesOf, startFaultStage, streamEndsOf } from './fault-stage.ts';
import { rawChat } from './raw-chat.ts';

/** Deadlines that end nothing here: what ends an attempt is the client. */
const timeouts = { connectMs: 5000, firstTokenMs: 60_000, answerMs: 60_000, idleMs: 60_000, totalMs: 60_000 };
const PATIENT = { timeout: 10_000, interval: 5 };
const ABORTED_WITHIN_MS = 1000;
const PATH = '/v1/chat/completions';

const SCRIPTS = {
  'silent-plain': hangs(),
  'silent-stream': hangs(),
  'half-plain': answers({ fault: { kind: 'stall', at: { afterBytes: 40 } } }),
  'long-stream': answers({ intervalMs: 20, text: 'word '.repeat(3000) }),
  whole: answers(),
};

let stage: FaultStage;

beforeAll(async () => {
  stage = await startFaultStage(SCRIPTS, { config: { timeouts, breaker: NO_BREAKER } });
});

afterAll(() => stage.close());

beforeEach(() => {
  stage.providers.primary.clear();
  stage.providers.spare.clear();
});

interface Client {
  readonly socket: Socket;
  readonly text: () => string;
}

function send(port: number, model: string, stream: boolean): Client {
  const socket = connect(port, '127.0.0.1');
  const parts: Buffer[] = [];
  socket.on('data', (part: Buffer) => parts.push(part));
  socket.on('error', () => undefined);
  socket.write(rawChat({ model, stream }));
  return { socket, text: () => Buffer.concat(parts).toString() };
}

function statusesOf(metrics: Metrics): Readonly<Record<string, number>> {
  const series = metrics.series('fastapi_requests_total', { path: PATH });
  return Object.fromEntries(series.map(({ labels, value }) => [labels.status_code, value]));
}

/** Leaves, and expects the provider's work to stop soon after. */
async function leave({ socket }: Client, model: string, how: 'close' | 'reset'): Promise<void> {
  const leftAt = performance.now();
  if (how === 'close') socket.destroy();
  else socket.resetAndDestroy();
  const attempt = stage.providers.primary.attempts(model).at(-1);
  await vi.waitFor(() => expect(attempt?.clientClosedAtMs).not.toBeNull(), PATIENT);
  expect((attempt?.clientClosedAtMs ?? Number.NaN) - leftAt).toBeLessThan(ABORTED_WITHIN_MS);
  expect(attempt?.end).not.toBe('complete');
}

/** What the provider is held to have done: nothing good and nothing bad. */
async function expectNotBlamed(): Promise<void> {
  const { json } = await ask(stage.gateway, { path: '/health/dashboard' });
  const { providers } = json as { providers: Readonly<Record<string, unknown>>[] };
  expect(providers.find(({ name }) => name === 'primary')).toMatchObject({
    error_rate: 0,
    availability: 1,
    errors_last_hour: 0,
    circuit_breaker_state: 'closed',
  });
}

async function leaveAndExpect499(
  model: string,
  stream: boolean,
  isThere: (client: Client) => void,
): Promise<void> {
  const before = statusesOf(await settledMetrics(stage.gateway));
  const outcomesBefore = outcomesOf(await stage.gateway.metrics(), 'primary', model).client_closed ?? 0;
  for (const how of ['close', 'reset'] as const) {
    stage.providers.primary.clear();
    const client = send(stage.gateway.port, model, stream);
    await vi.waitFor(() => {
      expect(stage.providers.primary.attempts(model)).toHaveLength(1);
      isThere(client);
    }, PATIENT);
    await leave(client, model, how);
  }
  const metrics = await settledMetrics(stage.gateway);
  expect(statusesOf(metrics)).toEqual({ ...before, 499: (before[499] ?? 0) + 2 });
  expect(outcomesOf(metrics, 'primary', model)).toEqual({ client_closed: outcomesBefore + 2 });
  expect(stage.providers.spare.log).toEqual([]);
  await expectNotBlamed();
}

test("Client: leaves before the first byte → provider aborted within a second, 499, not the provider's fault", async () => {
  const nothingYet = ({ text }: Client): void => expect(text()).toBe('');
  await leaveAndExpect499('silent-plain', false, nothingYet);
  await leaveAndExpect499('silent-stream', true, nothingYet);
});

test('Client: leaves before the first byte → the same while the provider is in the middle of a plain answer', async () => {
  await leaveAndExpect499('half-plain', false, () => {
    expect(stage.providers.primary.attempts('half-plain')[0]?.bytesSent).toBeGreaterThan(0);
  });
});

test("Client: leaves mid-stream → provider aborted within a second, 499, not the provider's fault", async () => {
  await leaveAndExpect499('long-stream', true, ({ text }) => {
    expect(text().split('data: ').length).toBeGreaterThan(5);
  });
  const metrics = await settledMetrics(stage.gateway);
  expect(streamEndsOf(metrics, 'primary', 'long-stream')).toEqual({ client_closed: 2 });
});

test('Client: leaves after the last byte → a success like any other', async () => {
  const before = statusesOf(await settledMetrics(stage.gateway));
  const isWhole = {
    plain: ({ text }: Client) => expect(text()).toContain('"usage"'),
    stream: ({ text }: Client) => expect(text()).toMatch(/\[DONE\]\n\n\r\n0\r\n\r\n$/),
  };
  for (const shape of ['plain', 'stream'] as const) {
    for (const how of ['close', 'reset'] as const) {
      const client = send(stage.gateway.port, 'whole', shape === 'stream');
      await vi.waitFor(() => isWhole[shape](client), PATIENT);
      if (how === 'close') client.socket.destroy();
      else client.socket.resetAndDestroy();
    }
  }
  const metrics = await settledMetrics(stage.gateway);
  expect(statusesOf(metrics)).toEqual({ ...before, 200: (before[200] ?? 0) + 4 });
  expect(outcomesOf(metrics, 'primary', 'whole')).toEqual({ success: 4 });
  expect(streamEndsOf(metrics, 'primary', 'whole')).toEqual({ complete: 2 });
  await vi.waitFor(() => {
    expect(stage.providers.primary.attempts('whole').map(({ end }) => end)).toEqual(
      Array.from({ length: 4 }, () => 'complete'),
    );
  }, PATIENT);
});

test.each([
  ['Client: leaves before the first byte → frees the half-open permit that it held', hangs(), ''],
  ['Client: leaves mid-stream → frees the half-open permit that it held', SCRIPTS['long-stream'], 'data: '],
] as const)('%s', async (_, script, seen) => {
  const breaker = {
    consecutiveFailures: 1,
    openMs: 100,
    maxOpenMs: 100,
    jitter: 0,
    closeAfter: 1,
    probeExpiryMs: 600_000,
  };
  await using own = await startFaultStage({ large: failsWith(503) }, { config: { timeouts, breaker } });
  const { primary } = own.providers;
  expectWholeAnswer(await askPlain(own.gateway));
  expect(primary.attempts()).toHaveLength(1);
  primary.setScript('large', script);
  const permitted = await vi.waitFor(async () => {
    const client = send(own.gateway.port, 'large', true);
    await vi.waitFor(() => expect(primary.attempts().length).toBeGreaterThan(1), {
      timeout: 200,
      interval: 5,
    });
    return client;
  }, PATIENT);
  // The one permit is taken: meanwhile the spare has to answer.
  expect((await askPlain(own.gateway)).provider).toBe('spare');
  await vi.waitFor(() => expect(permitted.text()).toContain(seen), PATIENT);
  permitted.socket.destroy();
  primary.setScript('large', answers());
  await vi.waitFor(async () => expect((await askPlain(own.gateway)).provider).toBe('primary'), PATIENT);
});
