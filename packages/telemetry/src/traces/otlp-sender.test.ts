import { gunzipSync } from 'node:zlib';
import { type FakeOtlp, freePort, startFakeOtlp } from '@gatewayz/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type BatchResult, createOtlpSender } from './otlp-sender.ts';
import type { OtlpSettings } from './otlp-settings.ts';
import { createBatch } from './spans-fixture.ts';

const SPANS = 3;
const BODY = createBatch(SPANS).body;
const ALL: BatchResult = { exported: SPANS, problem: null };
let collector: FakeOtlp;
/** Pauses asked for, in milliseconds; they pass at once. */
let pauses: number[];

beforeEach(async () => {
  collector = await startFakeOtlp();
  pauses = [];
});
afterEach(() => collector.close());

function send(settings: Partial<OtlpSettings> = {}): Promise<BatchResult> {
  let nowMs = 0;
  const sender = createOtlpSender(
    {
      url: `${collector.url}/v1/traces`,
      headers: { authorization: 'Basic abc' },
      isGzip: false,
      timeoutMs: 5000,
      batchTimeoutMs: 30_000,
      ...settings,
    },
    {
      now: () => nowMs,
      random: () => 1,
      wait: async (ms) => {
        pauses.push(ms);
        nowMs += ms;
      },
    },
  );
  return sender.send(BODY, SPANS);
}

test('a batch arrives once, with its headers', async () => {
  expect(await send()).toEqual(ALL);
  expect(collector.spans.map(({ name }) => name)).toEqual(['work', 'work', 'work']);
  expect(collector.requests[0]?.headers).toMatchObject({
    'content-type': 'application/x-protobuf',
    authorization: 'Basic abc',
  });
});

test('gzip is used when it was asked for', async () => {
  expect(await send({ isGzip: true })).toEqual(ALL);
  expect(collector.requests[0]?.headers['content-encoding']).toBe('gzip');
  expect(collector.spans).toHaveLength(SPANS);
  expect(() => gunzipSync(BODY)).toThrow();
});

describe('tried again', () => {
  test.each([429, 502, 503, 504])('after status %i, with growing pauses', async (status) => {
    const refusal = { kind: 'reply', status } as const;
    collector.setScript([refusal, refusal, refusal, { kind: 'accept' }]);
    expect(await send()).toEqual(ALL);
    expect(pauses).toEqual([1000, 1500, 2250]);
    expect(collector.spans).toHaveLength(SPANS);
  });

  test('after as long as Retry-After says', async () => {
    const headers = { 'retry-after': '7' };
    collector.setScript([{ kind: 'reply', status: 503, headers }, { kind: 'accept' }]);
    expect(await send()).toEqual(ALL);
    expect(pauses).toEqual([7000]);
  });

  test('after a reset connection', async () => {
    collector.setScript([{ kind: 'reset', keeps: false }, { kind: 'accept' }]);
    expect(await send()).toEqual(ALL);
    expect(collector.spans).toHaveLength(SPANS);
  });

  test('after silence', async () => {
    collector.setScript([{ kind: 'hang' }, { kind: 'accept' }]);
    expect(await send({ timeoutMs: 50 })).toEqual(ALL);
  });

  test('until the time of the batch is over', async () => {
    collector.setScript({ kind: 'reply', status: 503 });
    expect(await send()).toEqual({ exported: 0, problem: 'the collector took no spans (status 503)' });
    expect(pauses.reduce((sum, ms) => sum + ms, 0)).toBe(30_000);
    collector.clear();
    collector.setScript({ kind: 'reply', status: 429, headers: { 'retry-after': '9999' } });
    expect((await send()).exported).toBe(0);
    expect(collector.requests).toHaveLength(1);
  });

  test('where nobody listens, and that is said without the address', async () => {
    const port = await freePort();
    const result = await send({ url: `http://127.0.0.1:${port}/v1/traces` });
    expect(result).toEqual({ exported: 0, problem: 'the collector took no spans (ECONNREFUSED)' });
  });
});

describe('given up at once', () => {
  test.each([400, 401, 404, 413, 500, 501])('after status %i', async (status) => {
    collector.setScript({ kind: 'reply', status, body: 'a secret that was sent back' });
    const result = await send();
    expect(result).toEqual({ exported: 0, problem: `the collector took no spans (status ${status})` });
    expect(collector.requests).toHaveLength(1);
  });

  test('after a redirect, which is not followed', async () => {
    await using elsewhere = await startFakeOtlp();
    const headers = { location: `${elsewhere.url}/v1/traces` };
    collector.setScript({ kind: 'reply', status: 307, headers });
    expect((await send()).exported).toBe(0);
    expect(elsewhere.requests).toEqual([]);
  });
});

describe('an answer that accepts', () => {
  test.each([
    [1, SPANS - 1],
    [SPANS, 0],
    [99, 0],
    [-1, SPANS],
  ])('with %i rejected spans leaves %i exported', async (rejectedSpans, exported) => {
    collector.setScript({ kind: 'partial', rejectedSpans });
    expect((await send()).exported).toBe(exported);
    expect(collector.requests).toHaveLength(1);
  });

  test.each<[string, string]>([
    ['nothing', ''],
    ['JSON', '{"partialSuccess":{}}'],
    ['garbage', '\xff\xff\xff'],
    ['far too much', 'x'.repeat(200_000)],
  ])('and says %s took everything', async (_, body) => {
    collector.setScript({ kind: 'reply', status: 200, body });
    expect(await send()).toEqual(ALL);
    expect(collector.requests).toHaveLength(1);
  });

  test('and then never ends took everything', async () => {
    collector.setScript({ kind: 'reply', status: 200, headers: { 'content-length': '50' }, body: 'short' });
    expect(await send({ timeoutMs: 200 })).toEqual(ALL);
    expect(collector.requests).toHaveLength(1);
  });
});
