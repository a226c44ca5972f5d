import { type FakeOtlp, type ReceivedSpan, startFakeOtlp } from '@gatewayz/testkit';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FinishedSpan, SpanAttributes, Trace } from './finished-span.ts';
import { SpanBatchWriter, type SpanScope } from './span-batch.ts';
import type { SpanLimits } from './span-limits.ts';
import { LIMITS } from './spans-fixture.ts';

const TRACE: Trace = {
  traceId: 'a'.repeat(32),
  spanId: 'b'.repeat(16),
  parentSpanId: 'c'.repeat(16),
  isSampled: true,
  tracestate: 'x=1',
  baggage: '',
};
const SPAN: FinishedSpan = {
  name: 'work',
  kind: 'client',
  spanId: 'd'.repeat(16),
  parentSpanId: 'b'.repeat(16),
  startMs: 5,
  endMs: 7,
  attributes: {},
};
const SCOPE = { name: 'test', version: '1' };
const ORIGIN = { seconds: 1_700_000_000, nanoseconds: 0 };
const RESOURCE = { 'service.name': 'test', 'host.cpus': 4 };
const IS_REMOTE = 0x200;

// Reads by the official schema, strictly: what it has anything against is no batch.
let collector: FakeOtlp;
beforeAll(async () => {
  collector = await startFakeOtlp();
});
afterAll(() => collector.close());

function createWriter(limits: Partial<SpanLimits> = {}): SpanBatchWriter {
  return new SpanBatchWriter({ ...LIMITS, ...limits }, RESOURCE);
}

function add(writer: SpanBatchWriter, span: FinishedSpan = SPAN, scope: SpanScope = SCOPE): void {
  writer.add(TRACE, scope, span, ORIGIN);
}

async function receive(writer: SpanBatchWriter): Promise<readonly ReceivedSpan[]> {
  collector.clear();
  const headers = { 'content-type': 'application/x-protobuf' };
  await fetch(`${collector.url}/v1/traces`, { method: 'POST', headers, body: writer.take().body });
  expect(collector.problems).toEqual([]);
  return collector.spans;
}

async function pass(span: FinishedSpan, limits: Partial<SpanLimits> = {}): Promise<ReceivedSpan> {
  const writer = createWriter(limits);
  add(writer, span);
  const [received, ...others] = await receive(writer);
  if (received === undefined || others.length > 0) throw new Error('not one span');
  return received;
}

const passAttributes = (attributes: unknown, limits: Partial<SpanLimits> = {}): Promise<ReceivedSpan> =>
  pass({ ...SPAN, attributes: attributes as SpanAttributes }, limits);

test('a span arrives with everything that it had', async () => {
  const values = { text: 'é'.repeat(200), whole: 3, minus: -3, part: 0.5, yes: true, list: ['a', 'b'] };
  const span = await pass({
    ...SPAN,
    attributes: { ...values, huge: 2 ** 60, none: undefined, nothing: null },
    events: [{ name: 'first', atMs: 6, attributes: { at: 1 } }],
    links: [{ traceId: 'e'.repeat(32), spanId: 'f'.repeat(16), attributes: { why: 'retry' } }],
    status: 'error',
    errorMessage: 'timeout',
  });
  expect({ ...span.attributes }).toEqual({ ...values, whole: 3n, minus: -3n, huge: 2 ** 60 });
  expect(span).toMatchObject({
    traceId: TRACE.traceId,
    spanId: SPAN.spanId,
    parentSpanId: TRACE.spanId,
    tracestate: 'x=1',
    name: 'work',
    kind: 'client',
    startNs: 1_700_000_000_005_000_000n,
    endNs: 1_700_000_000_007_000_000n,
    status: { code: 'error', message: 'timeout' },
    events: [{ name: 'first', timeNs: 1_700_000_000_006_000_000n, attributes: { at: 1n } }],
    links: [{ traceId: 'e'.repeat(32), spanId: 'f'.repeat(16), attributes: { why: 'retry' } }],
    droppedAttributes: 0,
    droppedEvents: 0,
    droppedLinks: 0,
    scope: SCOPE,
    resource: { 'service.name': 'test', 'host.cpus': 4n },
  });
  expect(span.flags).toBe(0x101);
});

test('only the span below the caller has a remote parent, and a root has none', async () => {
  const remote = await pass({ ...SPAN, parentSpanId: TRACE.parentSpanId });
  expect(remote.flags & IS_REMOTE).toBe(IS_REMOTE);
  const root = await pass({ ...SPAN, parentSpanId: '' });
  expect([root.parentSpanId, root.flags & IS_REMOTE]).toEqual(['', 0]);
});

test('every span is in its scope, and the next batch begins anew', async () => {
  const writer = createWriter();
  const other = { name: 'other', version: '' };
  for (const scope of [SCOPE, { ...SCOPE }, other, SCOPE]) add(writer, SPAN, scope);
  const scopes = async (): Promise<readonly string[]> =>
    (await receive(writer)).map(({ scope }) => `${scope.name} ${scope.version}`);
  expect([writer.spans, writer.bytes > 0]).toEqual([4, true]);
  expect(await scopes()).toEqual(['test 1', 'test 1', 'other ', 'test 1']);
  expect([writer.spans, writer.bytes]).toEqual([0, 0]);
  add(writer);
  expect(await scopes()).toEqual(['test 1']);
});

describe('limits', () => {
  test('what is over them is left out, and counted in the span', async () => {
    const attributes = { a: 1, b: 2, c: 3 };
    const event = { name: 'e', atMs: 6, attributes };
    const link = { traceId: 'e'.repeat(32), spanId: 'f'.repeat(16), attributes };
    const span = await pass(
      { ...SPAN, attributes, events: [event, event, event], links: [link, link, link] },
      { attributes: 2, events: 1, links: 2, attributesPerEvent: 1, attributesPerLink: 0 },
    );
    expect({ ...span.attributes }).toEqual({ a: 1n, b: 2n });
    expect([span.droppedAttributes, span.droppedEvents, span.droppedLinks]).toEqual([1, 2, 1]);
    expect(span.events.map(({ droppedAttributes }) => droppedAttributes)).toEqual([2]);
    expect(span.links.map((each) => ({ ...each.attributes }))).toEqual([{}, {}]);
  });

  test('a long text is cut, also in a list, and a long list', async () => {
    const long = 'x'.repeat(50);
    const attributes = { long, list: [long], many: Array(500).fill('y') };
    const failed = { status: 'error', errorMessage: long } as const;
    const span = await pass({ ...SPAN, ...failed, attributes }, { valueLength: 10 });
    expect(span.attributes.long).toBe('x'.repeat(10));
    expect(span.attributes.list).toEqual(['x'.repeat(10)]);
    expect(span.attributes.many).toHaveLength(128);
    expect(span.status.message).toBe('x'.repeat(10));
  });

  test('no span is larger than about 256 KB, whatever the limits allow', async () => {
    const writer = createWriter({ attributes: 10_000, valueLength: 100_000 });
    const attributes = Object.fromEntries(
      Array.from({ length: 1000 }, (_, index) => [`k${index}`, 'x'.repeat(50_000)]),
    );
    add(writer, { ...SPAN, attributes });
    expect(writer.bytes).toBeLessThan(400_000);
    const [span] = await receive(writer);
    expect(Object.keys(span?.attributes ?? {}).length + (span?.droppedAttributes ?? 0)).toBe(1000);
  });
});

describe('hostile values', () => {
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  const throwing = {
    toJSON() {
      throw new Error('no');
    },
  };

  test.each<[string, unknown, unknown]>([
    ['NaN', Number.NaN, 'NaN'],
    ['infinity', Number.POSITIVE_INFINITY, 'Infinity'],
    ['a bigint', 12n, '12'],
    ['a symbol', Symbol('s'), 'Symbol(s)'],
    ['a function', () => 1, '[unreadable]'],
    ['an object', { a: 1 }, '{"a":1}'],
    ['an error', new TypeError('bad'), 'TypeError: bad'],
    ['a cycle', cyclic, '[unreadable]'],
    ['a toJSON that throws', throwing, '[unreadable]'],
    ['an invalid date', new Date(Number.NaN), 'null'],
    ['a mixed list', ['a', 1, null, undefined], ['a', '1', 'null', 'undefined']],
    ['a list of lists', [['a']], ['["a"]']],
    ['a list of whole numbers', [1, -2], [1n, -2n]],
    ['a list of numbers', [1, 0.5], [1, 0.5]],
    ['an empty list', [], []],
    ['half a surrogate pair', '\ud83d', '\ufffd'],
    ['no value at all', undefined, undefined],
  ])('%s becomes a value of OTLP', async (_, value, expected) => {
    expect((await passAttributes({ value })).attributes.value).toEqual(expected);
  });

  test('a key __proto__ is a key, an empty or very long one is left out, an inherited one is none', async () => {
    const attributes = Object.assign(Object.create({ inherited: 1 }), {
      '': 1,
      ['k'.repeat(300)]: 1,
      good: 1,
    });
    Object.defineProperty(attributes, '__proto__', { value: 'own', enumerable: true });
    const span = await passAttributes(attributes);
    expect(Object.entries(span.attributes).sort()).toEqual([
      ['__proto__', 'own'],
      ['good', 1n],
    ]);
    expect(span.droppedAttributes).toBe(2);
  });

  test('getters and proxies that throw leave a mark instead of a span, and the spans beside it whole', async () => {
    const getter = Object.defineProperty({}, 'x', {
      enumerable: true,
      get() {
        throw new Error('no');
      },
    });
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    const writer = createWriter();
    add(writer);
    for (const attributes of [getter, revoked.proxy]) add(writer, { ...SPAN, attributes });
    add(writer, revoked.proxy as FinishedSpan);
    add(writer);
    expect(writer.spans).toBe(5);
    const mark = 'unreadable span';
    const names = (await receive(writer)).map(({ name }) => name);
    expect(names).toEqual(['work', mark, mark, mark, 'work']);
  });

  test('false names, ids, kinds and times are put right', async () => {
    const bad = {
      name: '',
      kind: 'odd',
      spanId: 'short',
      parentSpanId: 7,
      startMs: 9,
      endMs: 3,
      status: 'bad',
    };
    const span = await pass({ ...SPAN, ...bad } as unknown as FinishedSpan);
    expect(span).toMatchObject({ name: 'unknown', kind: 'internal', status: { code: 'unset' } });
    expect([span.startNs, span.parentSpanId]).toEqual([span.endNs, '']);
    const zeros = await pass({ ...SPAN, spanId: '0'.repeat(16), parentSpanId: 'z'.repeat(16) });
    expect(zeros.parentSpanId).toBe('');
    const endless = { endMs: Number.POSITIVE_INFINITY, links: [{ traceId: 'x', spanId: 'y' }] };
    const { startNs, endNs, links, droppedLinks } = await pass({ ...SPAN, ...endless });
    expect(endNs).toBe(startNs);
    expect([links, droppedLinks]).toEqual([[], 1]);
  });

  test('whatever attributes hold, nothing is thrown, and the collector has nothing against it', async () => {
    const hostile = fc.dictionary(fc.string(), fc.anything({ withBigInt: true, withDate: true }));
    await fc.assert(
      fc.asyncProperty(fc.array(hostile, { minLength: 20, maxLength: 20 }), async (spans) => {
        const writer = createWriter();
        for (const attributes of spans) add(writer, { ...SPAN, attributes: attributes as SpanAttributes });
        expect(await receive(writer)).toHaveLength(20);
      }),
      { numRuns: 25 },
    );
  });
});
