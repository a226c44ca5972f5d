import { type FakeOtlp, startFakeOtlp } from '@gatewayz/testkit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type BatchSink, createExportThread } from './export-thread.ts';
import { createBatch } from './spans-fixture.ts';

let collector: FakeOtlp;
let sink: BatchSink | null = null;

beforeEach(async () => {
  collector = await startFakeOtlp();
});
afterEach(async () => {
  sink?.close();
  sink = null;
  await collector.close();
});

function start(batchTimeoutMs = 5000, entry?: URL): BatchSink {
  const url = `${collector.url}/v1/traces`;
  const otlp = { url, headers: {}, isGzip: false, timeoutMs: batchTimeoutMs, batchTimeoutMs };
  sink = createExportThread({ otlp }, entry);
  return sink;
}

const program = (code: string): URL => new URL(`data:text/javascript,${encodeURIComponent(code)}`);
const DIES = program(`
  import { parentPort } from 'node:worker_threads';
  parentPort.on('message', () => process.exit(1));
`);
const THROWS = program(`
  import { parentPort } from 'node:worker_threads';
  parentPort.on('message', () => { throw new Error('bug'); });
`);
const SILENT = program(`
  import { parentPort } from 'node:worker_threads';
  parentPort.on('message', () => {});
`);

test('batches reach the collector from the thread, and are handed over', async () => {
  const thread = start();
  const [one, other] = [createBatch(3), createBatch(2)];
  const results = await Promise.all([thread.send(one), thread.send(other)]);
  expect(results).toEqual([
    { exported: 3, problem: null },
    { exported: 2, problem: null },
  ]);
  expect(collector.problems).toEqual([]);
  expect(collector.spans).toHaveLength(5);
  expect([one.body.byteLength, other.body.byteLength]).toEqual([0, 0]);
});

test.each([
  ['dies', DIES],
  ['throws', THROWS],
])('a thread that %s fails what it held, and the next batch starts it again', async (_, entry) => {
  const thread = start(600_000, entry);
  const ended = { exported: 0, problem: 'the thread that exports spans ended' };
  expect(await Promise.all([thread.send(createBatch(1)), thread.send(createBatch(1))])).toEqual([
    ended,
    ended,
  ]);
  expect(await thread.send(createBatch(1))).toEqual(ended);
});

test('an entry that cannot be loaded fails the batch', async () => {
  const thread = start(600_000, new URL('file:///nowhere/at-all.js'));
  expect((await thread.send(createBatch(1))).exported).toBe(0);
});

test('a thread that hangs is ended some time after the batch should have', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const result = start(5000, SILENT).send(createBatch(1));
  await vi.advanceTimersByTimeAsync(10_000);
  vi.useRealTimers();
  expect((await result).exported).toBe(0);
});

test('closing fails what is under way, and what comes later', async () => {
  const thread = start(5000, SILENT);
  const open = thread.send(createBatch(1));
  setImmediate(() => thread.close());
  expect((await open).exported).toBe(0);
  expect((await thread.send(createBatch(1))).exported).toBe(0);
});

test('a batch that another thread cannot take fails alone', async () => {
  const thread = start();
  const batch = createBatch(1);
  structuredClone(batch.body, { transfer: [batch.body.buffer] });
  expect((await thread.send(batch)).exported).toBe(0);
  expect((await thread.send(createBatch(1))).exported).toBe(1);
});
