import { gzipSync } from 'node:zlib';
import protobuf from 'protobufjs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FakeOtlp, startFakeOtlp } from './fake-otlp.ts';

let collector: FakeOtlp;

beforeEach(async () => {
  collector = await startFakeOtlp();
});
afterEach(() => collector.close());

const ID_16 = Buffer.alloc(16, 0xaa);
const ID_8 = Buffer.alloc(8, 0xbb);
const START = 1_700_000_000_000_000_000n;

type Write = (writer: protobuf.Writer) => void;

/** Messages by hand, so that the reader is held against something other than itself. */
function message(...fields: readonly Write[]): Uint8Array {
  const writer = protobuf.Writer.create();
  for (const field of fields) field(writer);
  return writer.finish();
}
const bytes =
  (field: number, value: Uint8Array | string): Write =>
  (writer) =>
    writer.uint32(field * 8 + 2).bytes(typeof value === 'string' ? Buffer.from(value) : value);
const varint =
  (field: number, value: number): Write =>
  (writer) =>
    writer.uint32(field * 8).int64(value);
const fixed64 =
  (field: number, value: bigint): Write =>
  (writer) =>
    writer
      .uint32(field * 8 + 1)
      .fixed32(Number(value & 0xffff_ffffn))
      .fixed32(Number(value >> 32n));
const text = (key: string, value: string): Uint8Array =>
  message(bytes(1, key), bytes(2, message(bytes(1, value))));

const SPAN: readonly Write[] = [
  bytes(1, ID_16),
  bytes(2, ID_8),
  bytes(5, 'work'),
  varint(6, 3),
  fixed64(7, START),
  fixed64(8, START + 5n),
];
const SERVICE = message(bytes(1, text('service.name', 'test')));

function createExport(span: readonly Write[], resource: Uint8Array = SERVICE): Uint8Array {
  const scopeSpans = message(bytes(1, message(bytes(1, 'scope'))), bytes(2, message(...span)));
  return message(bytes(1, message(bytes(1, resource), bytes(2, scopeSpans))));
}

function post(body: Uint8Array, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${collector.url}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf', ...headers },
    body: new Uint8Array(body),
    redirect: 'manual',
  });
}

describe('a good request', () => {
  test('leaves its span exactly, and is told that it was taken', async () => {
    const list = message(bytes(5, message(bytes(1, message(varint(3, -7))))));
    const attribute = message(bytes(1, 'list'), bytes(2, list));
    const response = await post(
      createExport([...SPAN, bytes(4, ID_8), bytes(9, attribute), bytes(9, text('a', 'b'))]),
    );
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/x-protobuf']);
    expect(collector.problems).toEqual([]);
    expect(collector.spans).toMatchObject([
      {
        traceId: 'aa'.repeat(16),
        spanId: 'bb'.repeat(8),
        parentSpanId: 'bb'.repeat(8),
        name: 'work',
        kind: 'client',
        startNs: START,
        endNs: START + 5n,
        attributes: { list: [-7n], a: 'b' },
        status: { code: 'unset' },
        scope: { name: 'scope' },
        resource: { 'service.name': 'test' },
      },
    ]);
  });

  test('may be compressed', async () => {
    expect((await post(gzipSync(createExport(SPAN)), { 'content-encoding': 'gzip' })).status).toBe(200);
    expect(collector.spans).toHaveLength(1);
  });
});

describe('refused', () => {
  const without = (index: number): readonly Write[] => SPAN.filter((_, at) => at !== index);
  test.each<[string, Uint8Array, string]>([
    ['what is no protobuf', Buffer.from('{"resourceSpans":[]}'), ''],
    ['a span without a trace id', createExport(without(0)), 'trace id'],
    ['a trace id of zeros', createExport([...without(0), bytes(1, Buffer.alloc(16))]), 'trace id'],
    ['a span id that is too short', createExport([...without(1), bytes(2, Buffer.alloc(4, 1))]), 'span id'],
    ['a parent id that is too long', createExport([...SPAN, bytes(4, ID_16)]), 'parent span id'],
    ['a span without a name', createExport(without(2)), 'empty name'],
    ['an unknown kind', createExport([...SPAN, varint(6, 6)]), 'unknown kind'],
    ['a span without a start', createExport(without(4)), 'start time'],
    ['a span that ends early', createExport([...SPAN, fixed64(8, START - 1n)]), 'ends before'],
    ['a key twice', createExport([...SPAN, bytes(9, text('a', '1')), bytes(9, text('a', '2'))]), 'twice'],
    ['an empty key', createExport([...SPAN, bytes(9, text('', '1'))]), 'without a key'],
    ['an event without a name', createExport([...SPAN, bytes(11, message(fixed64(1, START)))]), 'empty name'],
    ['a field that nobody knows', createExport([...SPAN, varint(99, 1)]), 'does not know'],
    ['a resource without a service', createExport(SPAN, message()), 'service.name'],
  ])('is %s', async (_, body, problem) => {
    expect((await post(body)).status).toBe(400);
    expect(collector.problems).toHaveLength(1);
    expect(collector.problems[0]).toContain(problem);
    expect(collector.spans).toEqual([]);
  });

  test('is another type, another encoding, another path, another method', async () => {
    const body = createExport(SPAN);
    expect((await post(body, { 'content-type': 'application/json' })).status).toBe(400);
    expect((await post(body, { 'content-encoding': 'br' })).status).toBe(400);
    expect((await post(body, { 'content-encoding': 'gzip' })).status).toBe(400);
    expect((await fetch(`${collector.url}/traces`, { method: 'POST' })).status).toBe(404);
    expect((await fetch(`${collector.url}/v1/traces`)).status).toBe(405);
    expect(collector.spans).toEqual([]);
  });
});

describe('scripts', () => {
  test('of a list are played one by one, and the last one from then on', async () => {
    collector.setScript([
      { kind: 'reply', status: 503, headers: { 'retry-after': '1' } },
      { kind: 'accept' },
    ]);
    const statuses: number[] = [];
    for (let index = 0; index < 3; index++) statuses.push((await post(createExport(SPAN))).status);
    expect(statuses).toEqual([503, 200, 200]);
    expect(collector.spans).toHaveLength(2);
    expect(collector.requests.map(({ script }) => script)).toEqual(['reply', 'accept', 'accept']);
  });

  test('reject a part, and say how much', async () => {
    collector.setScript({ kind: 'partial', rejectedSpans: 1, errorMessage: 'no' });
    const answer = new Uint8Array(await (await post(createExport(SPAN))).arrayBuffer());
    expect(Buffer.from(answer)).toEqual(
      Buffer.from(message(bytes(1, message(varint(1, 1), bytes(2, 'no'))))),
    );
    expect(collector.spans).toEqual([]);
  });

  test('reset the connection, with the spans kept or not', async () => {
    collector.setScript([
      { kind: 'reset', keeps: false },
      { kind: 'reset', keeps: true },
    ]);
    await expect(post(createExport(SPAN))).rejects.toThrow();
    expect(collector.spans).toHaveLength(0);
    await expect(post(createExport(SPAN))).rejects.toThrow();
    expect(collector.spans).toHaveLength(1);
  });

  test('hang until the client leaves or the collector stops, and it starts again at the same port', async () => {
    collector.setScript({ kind: 'hang' });
    const { url } = collector;
    const open = post(createExport(SPAN)).catch(() => 'failed');
    while (collector.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await collector.stop();
    expect(await open).toBe('failed');
    await expect(post(createExport(SPAN))).rejects.toThrow();
    await collector.start();
    collector.setScript({ kind: 'accept' });
    expect([collector.url, (await post(createExport(SPAN))).status]).toEqual([url, 200]);
    collector.clear();
    expect([collector.spans, collector.requests, collector.problems]).toEqual([[], [], []]);
  });
});
