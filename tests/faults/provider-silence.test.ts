import { answers, hangs, stallsAt } from '@gatewayz/testkit';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { ask } from '../ask.ts';
import { settledMetrics } from '../settled-metrics.ts';
import { askPlain, askStream, expectBrokenStream, expectWholeAnswer, expectWholeStream } from './chat.ts';
import { type FaultStage, outcomesOf, SHORT_TIMEOUTS, startFaultStage, streamEndsOf } from './fault-stage.ts';

const LONG_PIECE = 'x'.repeat(20_000);
const MEGABYTE = 1024 * 1024;
const STREAMED_MEGABYTES = 128;
const RESIDENT = 'process_resident_memory_bytes';

const FAULTS = {
  hang: hangs(),
  'hang-stream': hangs(),
  stall: stallsAt({ afterEvents: 5 }),
  drip: answers({
    pieces: ['one ', 'two ', LONG_PIECE],
    fault: { kind: 'drip', bytes: 20, intervalMs: 5 },
  }),
  long: answers({
    pieces: function* () {
      for (let sent = 0; sent < STREAMED_MEGABYTES; sent += 1) {
        for (let part = 0; part < 64; part += 1) yield 'word '.repeat(3277);
      }
    },
  }),
};

let stage: FaultStage;

beforeAll(async () => {
  stage = await startFaultStage(FAULTS);
});

afterAll(() => stage.close());

async function timeoutPhases(requestId: string | null): Promise<readonly (string | null)[]> {
  const { json } = await ask(stage.gateway, { path: `/v1/requests/${requestId}/explain` });
  return (json as { attempts: { timeout: string | null }[] }).attempts.map(({ timeout }) => timeout);
}

async function expectClosedConnection(model: string): Promise<void> {
  const attempt = stage.providers.primary.attempts(model).at(-1);
  await vi.waitFor(() => expect(attempt?.clientClosedAtMs).not.toBeNull(), { timeout: 5000, interval: 5 });
  const { connection } = attempt ?? {};
  const onIt = stage.providers.primary.log.filter((other) => other.connection === connection);
  expect(onIt.at(-1)).toBe(attempt);
}

test('Provider: accepts and never answers → first-token deadline, socket destroyed and not pooled, next target, outcome timeout', async () => {
  const plain = await askPlain(stage.gateway, { model: 'hang' });
  expectWholeAnswer(plain);
  await expectClosedConnection('hang');
  const stream = await askStream(stage.gateway, { model: 'hang-stream' });
  expectWholeStream(stream);
  await expectClosedConnection('hang-stream');

  for (const answer of [plain, stream]) {
    expect([answer.provider, answer.headers.get('x-gatewayz-attempts')]).toEqual(['spare', '2']);
    expect(await timeoutPhases(answer.headers.get('x-request-id'))).toEqual(['first_token', null]);
  }
  const metrics = await settledMetrics(stage.gateway);
  for (const model of ['hang', 'hang-stream']) {
    expect(stage.providers.primary.attempts(model)).toHaveLength(1);
    expect(outcomesOf(metrics, 'primary', model)).toEqual({ timeout: 1 });
    expect(outcomesOf(metrics, 'spare', model)).toEqual({ success: 1 });
  }
});

test('Provider: accepts and never answers → with no other target, 504 and no second try on it', async () => {
  const answer = await askPlain(stage.gateway, { model: 'primary/hang' });
  expect([answer.status, answer.error?.code]).toEqual([504, 'first_token_timeout']);
  expect(answer.headers.get('x-gatewayz-attempts')).toBe('1');
});

test('Provider: stalls between chunks → idle deadline, and another target completes the stream exactly', async () => {
  const answer = await askStream(stage.gateway, { model: 'stall' });
  expectWholeStream(answer);
  await expectClosedConnection('stall');
  expect(await timeoutPhases(answer.headers.get('x-request-id'))).toEqual(['idle', null]);
  const metrics = await settledMetrics(stage.gateway);
  expect(outcomesOf(metrics, 'primary', 'stall')).toEqual({ timeout: 1 });
  expect(outcomesOf(metrics, 'spare', 'stall')).toEqual({ success: 1 });
  expect(streamEndsOf(metrics, 'spare', 'stall')).toEqual({ continued: 1 });
});

test('Provider: stalls between chunks → with no other target, what came, an error event, and no [DONE]', async () => {
  const answer = await askStream(stage.gateway, { model: 'primary/stall' });
  expectBrokenStream(answer, stage.providers.primary.attempts('stall').at(-1)?.textSent ?? '');
  expect(answer.chat.text.length).toBeGreaterThan(0);
  expect(answer.chat.errorEvent).toMatchObject({ code: 'idle_timeout' });
  expect(streamEndsOf(await settledMetrics(stage.gateway), 'primary', 'stall')).toEqual({ stalled: 1 });
});

test('Provider: drips a byte a second → bytes that complete no event do not put the idle deadline off', async () => {
  const answer = await askStream(stage.gateway, { model: 'primary/drip' });
  expectBrokenStream(answer, 'one two ');
  expect(await timeoutPhases(answer.headers.get('x-request-id'))).toEqual(['idle']);
  await expectClosedConnection('drip');
});

test('Provider: drips a byte a second → the total cap ends a stream that never stops', async () => {
  await using capped = await startFaultStage(
    { endless: answers({ intervalMs: 50, text: 'word '.repeat(10_000) }) },
    { config: { timeouts: { ...SHORT_TIMEOUTS, totalMs: 1500 } } },
  );
  const answer = await askStream(capped.gateway, { model: 'endless' });
  expectBrokenStream(answer, answer.chat.text);
  expect(answer.chat.text).toMatch(/^(?:word ?)+$/);
  expect(answer.chat.errorEvent).toMatchObject({ code: 'total_timeout' });
  expect(outcomesOf(await settledMetrics(capped.gateway), 'primary')).toEqual({ timeout: 1 });
  expect(capped.providers.spare.attempts()).toHaveLength(0);
});

test('Provider: drips a byte a second → memory stays flat under streams far larger than it', async () => {
  await streamLong();
  const before = (await stage.gateway.metrics()).sum(RESIDENT);
  await streamLong();
  const grown = (await settledMetrics(stage.gateway)).sum(RESIDENT) - before;
  expect(grown).toBeLessThan((STREAMED_MEGABYTES * MEGABYTE) / 3);
});

async function streamLong(): Promise<void> {
  const response = await fetch(`${stage.gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'long', stream: true, messages: [{ role: 'user', content: 'x' }] }),
  });
  let bytes = 0;
  for await (const chunk of response.body ?? []) bytes += chunk.length;
  expect(bytes).toBeGreaterThan(STREAMED_MEGABYTES * MEGABYTE);
}
