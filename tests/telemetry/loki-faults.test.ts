import type { FakeLoki } from '@gatewayz/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, chatBody } from '../ask.ts';
import {
  arrived,
  lineCounts,
  lokiEntries,
  readLines,
  startTelemetryStage,
  type TelemetryStage,
} from './telemetry-stage.ts';

const REQUESTS = 40;
/** Told on standard output alone. */
const TROUBLE = 'log lines do not reach Loki';

let stage: TelemetryStage<'primary'>;

beforeAll(async () => {
  stage = await startTelemetryStage({ providers: { primary: {} } });
});

afterAll(() => stage.close());

/** Lines that were written for Loki, as standard output shows them. */
function written(): number {
  return readLines(stage.gateway.process.stdout()).filter(({ message }) => message !== TROUBLE).length;
}

/** Lines that became something or wait still; every one that was written is among them. */
async function accountedFor(): Promise<number> {
  const { dropped_stdout: _, ...counts } = lineCounts(await stage.gateway.metrics());
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

async function askAll(): Promise<readonly number[]> {
  const asked = Array.from({ length: REQUESTS }, () => ask(stage.gateway, { body: chatBody('Hello') }));
  return (await Promise.all(asked)).map(({ status }) => status);
}

/** A fault, how it is seen to have struck, and its end. */
interface Fault {
  readonly fail: (loki: FakeLoki) => unknown;
  readonly strikes: (loki: FakeLoki) => unknown;
  readonly heal: (loki: FakeLoki) => unknown;
}

/** Makes requests under a fault, ends it once it has struck, and waits until no line waits any more. */
async function countsAfter({ fail, strikes, heal }: Fault) {
  const { loki, gateway } = stage;
  const before = written();
  await fail(loki);
  expect(await askAll()).toEqual(Array.from({ length: REQUESTS }, () => 200));
  await arrived(() => written() - before, REQUESTS);
  await strikes(loki);
  // In the middle of the fault as at its end.
  expect(await accountedFor()).toBe(written());
  await heal(loki);
  await arrived(async () => (await gateway.metrics()).value('loki_log_queue_size'), 0);
  expect(await accountedFor()).toBe(written());
  const counts = lineCounts(await gateway.metrics());
  expect(counts.delivered).toBe(loki.stats().accepted);
  return counts;
}

function expectEachLineOnce(): void {
  const lines = lokiEntries(stage.loki).map(({ entry }) => entry.line);
  expect(new Set(lines).size).toBe(lines.length);
  expect(stage.loki.stats()).toMatchObject({ outOfOrder: 0, discarded: {} });
}

const accept = (loki: FakeLoki): void => loki.setScript({ kind: 'accept' });
const NONE_LOST = { dropped_full: 0, dropped_rejected: 0, dropped_closed: 0, dropped_stdout: 0, queued: 0 };

function told(): number {
  return readLines(stage.gateway.process.stdout()).filter(({ message }) => message === TROUBLE).length;
}

/** More pushes have come than there had been. */
function pushed(more = 1): (loki: FakeLoki) => Promise<void> {
  const before = stage.loki.stats().pushes;
  return (loki) => arrived(() => loki.stats().pushes >= before + more, true);
}

test('Telemetry: Loki down an hour → requests go on, and lines wait and arrive once it is back', async () => {
  const counts = await countsAfter({
    fail: (loki) => loki.stop(),
    strikes: () => arrived(told, 1),
    heal: (loki) => loki.start(),
  });
  expect(counts).toMatchObject(NONE_LOST);
  expectEachLineOnce();
});

test('Telemetry: Loki slow → requests do not wait for it, and no line is lost', async () => {
  const counts = await countsAfter({
    fail: (loki) => loki.setScript({ kind: 'accept', delayMs: 1500 }),
    strikes: pushed(),
    heal: accept,
  });
  expect(counts).toMatchObject(NONE_LOST);
  expectEachLineOnce();
});

test('Telemetry: Loki 429 → lines wait as long as it asks, and none is lost', async () => {
  const limit = { kind: 'reply', status: 429, headers: { 'retry-after': '1' } } as const;
  const counts = await countsAfter({
    fail: (loki) => loki.setScript([limit, limit]),
    strikes: pushed(2),
    heal: accept,
  });
  expect(counts).toMatchObject(NONE_LOST);
  expectEachLineOnce();
});

test('Telemetry: Loki reset → lines are sent again, and each is there once', async () => {
  const counts = await countsAfter({
    fail: (loki) =>
      loki.setScript([
        { kind: 'reset', stores: true },
        { kind: 'resetInBody', afterBytes: 1 },
      ]),
    strikes: pushed(2),
    heal: accept,
  });
  expect(counts).toMatchObject(NONE_LOST);
  expect(stage.loki.stats().duplicates).toBeGreaterThan(0);
  expectEachLineOnce();
});

test('Telemetry: Loki 400 → what it refuses is dropped and counted, and nothing else', async () => {
  const counts = await countsAfter({
    fail: (loki) => loki.setScript({ kind: 'reply', status: 400, body: 'line too long' }),
    strikes: () => arrived(async () => (await stage.gateway.metrics()).value('loki_log_queue_size'), 0),
    heal: accept,
  });
  expect(counts).toMatchObject({ ...NONE_LOST, dropped_rejected: REQUESTS });
  expectEachLineOnce();
});

test('a Loki in trouble is told of on standard output, and not to Loki', () => {
  expect(told()).toBeGreaterThan(0);
  expect(told()).toBeLessThan(10);
  expect(lokiEntries(stage.loki).some(({ entry }) => entry.line.includes(TROUBLE))).toBe(false);
});
