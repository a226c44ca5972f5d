import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { startFakeLoki } from './fake-loki.ts';
import type { LokiLimits } from './loki-limits.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const HOUR_MS = 3_600_000;

function at(ms: number): string {
  return `${ms}000000`;
}

function streamsOf(labels: object, ...values: readonly unknown[]): object {
  return { streams: [{ stream: labels, values }] };
}

async function push(url: string, body: unknown, headers: Readonly<Record<string, string>> = {}) {
  const response = await fetch(`${url}/loki/api/v1/push`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: body instanceof Uint8Array || typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, text: await response.text() };
}

function start(limits: Partial<LokiLimits> = {}) {
  return startFakeLoki({ now: () => NOW, limits });
}

describe('the fake Loki', () => {
  it('keeps lines with labels and metadata, gzipped or not, and answers 204', async () => {
    await using loki = await start();
    const body = streamsOf({ app: 'a' }, [at(NOW), 'one'], [at(NOW + 1), 'two', { id: 'x' }]);
    expect(await push(loki.url, body)).toEqual({ status: 204, text: '' });
    const packed = gzipSync(JSON.stringify(streamsOf({ app: 'a' }, [at(NOW + 2), 'three'])));
    expect(await push(loki.url, packed, { 'content-encoding': 'gzip' })).toMatchObject({ status: 204 });
    expect(loki.streams.map(({ labels, entries }) => [labels, entries.map(({ line }) => line)])).toEqual([
      [{ app: 'a' }, ['one', 'two', 'three']],
    ]);
    expect(loki.streams[0]?.entries[1]?.metadata).toEqual({ id: 'x' });
  });

  it('takes a line with the time and text of another for that one', async () => {
    await using loki = await start();
    const body = streamsOf({ app: 'a' }, [at(NOW), 'one'], [at(NOW), 'other']);
    await push(loki.url, body);
    await push(loki.url, body);
    expect(loki.stats()).toMatchObject({ accepted: 2, duplicates: 2, pushesByStatus: { 204: 2 } });
  });

  it.each([
    ['no JSON', '{"streams":'],
    ['no UTF-8', new Uint8Array([0x22, 0xff, 0x22])],
    ['a number for a time', streamsOf({ a: 'b' }, [1, 'x'])],
    ['a time with a fraction', streamsOf({ a: 'b' }, ['1.5', 'x'])],
    ['a line that is no string', streamsOf({ a: 'b' }, [at(NOW), { x: 1 }])],
    ['a label that is no string', streamsOf({ a: 1 }, [at(NOW), 'x'])],
    ['metadata that is no string', streamsOf({ a: 'b' }, [at(NOW), 'x', { n: 1 }])],
    ['an entry of four', streamsOf({ a: 'b' }, [at(NOW), 'x', {}, 1])],
  ])('takes nothing of a body with %s', async (_what, body) => {
    await using loki = await start();
    expect(await push(loki.url, body)).toMatchObject({ status: 400 });
    expect(loki.stats()).toMatchObject({ accepted: 0, discarded: {} });
  });

  it.each([
    ['missing_labels', {}, [at(NOW), 'x']],
    ['invalid_labels', { 'a-b': 'x' }, [at(NOW), 'x']],
    ['invalid_labels', { '1a': 'x' }, [at(NOW), 'x']],
    [
      'max_label_names_per_series',
      Object.fromEntries(Array.from({ length: 16 }, (_, n) => [`l${n}`, 'x'])),
      [at(NOW), 'x'],
    ],
    ['label_name_too_long', { ['n'.repeat(1_025)]: 'x' }, [at(NOW), 'x']],
    ['label_value_too_long', { a: 'ž'.repeat(1_025) }, [at(NOW), 'x']],
    ['greater_than_max_sample_age', { a: 'b' }, [at(NOW - 168 * HOUR_MS - 1), 'x']],
    ['too_far_in_future', { a: 'b' }, [at(NOW + 600_001), 'x']],
    ['line_too_long', { a: 'b' }, [at(NOW), 'ž'.repeat(131_073)]],
    ['structured_metadata_too_large', { a: 'b' }, [at(NOW), 'x', { m: 'y'.repeat(65_536) }]],
    [
      'structured_metadata_too_many',
      { a: 'b' },
      [at(NOW), 'x', Object.fromEntries(Array.from({ length: 129 }, (_, n) => [`m${n}`, '']))],
    ],
  ])('discards an entry as %s, and keeps the good ones beside it', async (reason, labels, entry) => {
    await using loki = await start();
    const body = {
      streams: [
        { stream: { good: 'yes' }, values: [[at(NOW), 'good']] },
        { stream: labels, values: [entry] },
      ],
    };
    expect(await push(loki.url, body)).toEqual({ status: 400, text: `${reason}, total ignored: 1 out of 2` });
    expect(loki.stats()).toMatchObject({ accepted: 1, discarded: { [reason]: 1 } });
  });

  it('takes lines out of order, but no older than an hour before the newest of their stream', async () => {
    await using loki = await start();
    expect(
      await push(loki.url, streamsOf({ a: 'b' }, [at(NOW), 'new'], [at(NOW - HOUR_MS), 'old'])),
    ).toMatchObject({
      status: 204,
    });
    expect(await push(loki.url, streamsOf({ a: 'b' }, [at(NOW - HOUR_MS - 1), 'x']))).toMatchObject({
      status: 400,
    });
    expect(await push(loki.url, streamsOf({ other: 'b' }, [at(NOW - HOUR_MS - 1), 'x']))).toMatchObject({
      status: 204,
    });
    expect(loki.stats()).toMatchObject({ accepted: 3, outOfOrder: 1, discarded: { too_far_behind: 1 } });
  });

  it('takes metadata only where that is allowed', async () => {
    await using loki = await start({ allowsMetadata: false });
    await push(loki.url, streamsOf({ a: 'b' }, [at(NOW), 'x', { id: '1' }], [at(NOW), 'y']));
    expect(loki.stats()).toMatchObject({ accepted: 1, discarded: { disallowed_structured_metadata: 1 } });
  });

  it('answers 429 over its rate and keeps nothing then', async () => {
    await using loki = await start({ bytesPerSecond: 100 });
    const body = streamsOf({ a: 'b' }, [at(NOW), 'x'.repeat(80)]);
    expect((await push(loki.url, body)).status).toBe(204);
    expect((await push(loki.url, streamsOf({ a: 'b' }, [at(NOW), 'y'.repeat(80)]))).status).toBe(429);
    expect(loki.stats().accepted).toBe(1);
  });

  it('wants tenant and password where it is told to, and keeps tenants apart', async () => {
    await using loki = await startFakeLoki({ now: () => NOW, needsTenant: true, basicAuth: 'me:pw' });
    const body = streamsOf({ a: 'b' }, [at(NOW), 'x']);
    const authorization = `Basic ${Buffer.from('me:pw').toString('base64')}`;
    expect((await push(loki.url, body, { 'x-scope-orgid': 't1' })).status).toBe(401);
    expect((await push(loki.url, body, { authorization })).status).toBe(401);
    expect((await push(loki.url, body, { authorization, 'x-scope-orgid': 't1' })).status).toBe(204);
    expect((await push(loki.url, body, { authorization, 'x-scope-orgid': 't2' })).status).toBe(204);
    expect(loki.streams.map(({ tenant }) => tenant)).toEqual(['t1', 't2']);
  });

  it('takes no other encoding, type, path or method', async () => {
    await using loki = await start();
    const body = streamsOf({ a: 'b' }, [at(NOW), 'x']);
    expect((await push(loki.url, body, { 'content-encoding': 'br' })).status).toBe(400);
    expect((await push(loki.url, body, { 'content-type': 'text/plain' })).status).toBe(400);
    expect((await fetch(`${loki.url}/elsewhere`, { method: 'POST' })).status).toBe(404);
    expect((await fetch(`${loki.url}/loki/api/v1/push`)).status).toBe(405);
    expect((await push(loki.url, { streams: [] })).status).toBe(422);
  });

  it('plays its script, push by push, then accepts; what is lost on its way can be kept', async () => {
    await using loki = await start();
    loki.setScript([
      { kind: 'reply', status: 429, headers: { 'retry-after': '7' } },
      { kind: 'reply', status: 500, stores: true },
      { kind: 'reset', stores: true },
      { kind: 'resetInBody', afterBytes: 1 },
      { kind: 'accept', delayMs: 1 },
    ]);
    const one = (n: number) => streamsOf({ a: 'b' }, [at(NOW + n), 'x']);
    expect((await push(loki.url, one(0))).status).toBe(429);
    expect((await push(loki.url, one(1))).status).toBe(500);
    await expect(push(loki.url, one(2))).rejects.toThrow();
    await expect(push(loki.url, one(3))).rejects.toThrow();
    expect((await push(loki.url, one(4))).status).toBe(204);
    expect((await push(loki.url, one(5))).status).toBe(204);
    const times = loki.streams[0]?.entries.map(({ timestamp }) => Number(timestamp / 1_000_000n) - NOW);
    expect(times).toEqual([1, 2, 4, 5]);
    expect(loki.stats().pushes).toBe(6);
  });

  it('is gone while stopped, and back on the same port with what it had', async () => {
    await using loki = await start();
    const { url } = loki;
    await push(url, streamsOf({ a: 'b' }, [at(NOW), 'x']));
    await loki.stop();
    await expect(push(url, streamsOf({ a: 'b' }, [at(NOW), 'y']))).rejects.toThrow();
    await loki.start();
    await push(url, streamsOf({ a: 'b' }, [at(NOW), 'z']));
    expect(loki.url).toBe(url);
    expect(loki.stats()).toMatchObject({ accepted: 2, pushes: 2 });
  });
});
