import { resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FinishedSpan, SpanAttributes, Trace } from './finished-span.ts';
import { readSpanCells } from './readable-spans.ts';
import { SpanCells } from './span-cells.ts';
import type { SpanLimits } from './span-limits.ts';

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
const LIMITS: SpanLimits = {
  attributes: 128,
  valueLength: 1000,
  events: 128,
  links: 128,
  attributesPerEvent: 128,
  attributesPerLink: 128,
};
const RESOURCE = resourceFromAttributes({});

function pass(span: FinishedSpan, limits: Partial<SpanLimits> = {}, trace: Trace = TRACE): ReadableSpan {
  const cells = new SpanCells({ ...LIMITS, ...limits });
  cells.add(trace, SCOPE, span);
  // As another thread gets it.
  const [read, ...others] = readSpanCells(
    structuredClone(cells.cells),
    { seconds: 100, nanoseconds: 0 },
    RESOURCE,
  );
  if (read === undefined || others.length > 0) throw new Error('not one span');
  return read;
}

const passAttributes = (attributes: unknown, limits: Partial<SpanLimits> = {}): ReadableSpan =>
  pass({ ...SPAN, attributes: attributes as SpanAttributes }, limits);

test('a span arrives with everything that it had', () => {
  const span = pass({
    ...SPAN,
    attributes: {
      text: 'x',
      whole: 3,
      part: 0.5,
      yes: true,
      list: ['a', 'b'],
      none: undefined,
      nothing: null,
    },
    events: [{ name: 'first', atMs: 6, attributes: { at: 1 } }],
    links: [{ traceId: 'e'.repeat(32), spanId: 'f'.repeat(16), attributes: { why: 'retry' } }],
    status: 'error',
    errorMessage: 'timeout',
  });
  expect({ ...span.attributes }).toEqual({ text: 'x', whole: 3, part: 0.5, yes: true, list: ['a', 'b'] });
  expect(span).toMatchObject({
    name: 'work',
    kind: 2,
    startTime: [100, 5_000_000],
    endTime: [100, 7_000_000],
    status: { code: 2, message: 'timeout' },
    events: [{ name: 'first', time: [100, 6_000_000], attributes: { at: 1 } }],
    links: [{ context: { traceId: 'e'.repeat(32), spanId: 'f'.repeat(16) }, attributes: { why: 'retry' } }],
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
    instrumentationScope: SCOPE,
  });
  expect(span.spanContext()).toMatchObject({ traceId: TRACE.traceId, spanId: SPAN.spanId, traceFlags: 1 });
  expect(span.spanContext().traceState?.serialize()).toBe('x=1');
  expect(span.parentSpanContext).toMatchObject({ spanId: TRACE.spanId, isRemote: false });
});

test('only the span below the caller has a remote parent, and a root has none', () => {
  const remote = pass({ ...SPAN, parentSpanId: TRACE.parentSpanId });
  expect(remote.parentSpanContext?.isRemote).toBe(true);
  expect(pass({ ...SPAN, parentSpanId: '' }).parentSpanContext).toBeUndefined();
});

test('spans of one scope share it, which the serializer groups them by', () => {
  const cells = new SpanCells(LIMITS);
  for (let index = 0; index < 3; index++) cells.add(TRACE, { ...SCOPE }, SPAN);
  const spans = readSpanCells(cells.cells, { seconds: 0, nanoseconds: 0 }, RESOURCE);
  expect(new Set(spans.map((span) => span.instrumentationScope)).size).toBe(1);
  expect(cells.spans).toBe(3);
});

describe('limits', () => {
  test('what is over them is left out, and counted in the span', () => {
    const attributes = { a: 1, b: 2, c: 3 };
    const event = { name: 'e', atMs: 6, attributes };
    const link = { traceId: 'e'.repeat(32), spanId: 'f'.repeat(16), attributes };
    const span = pass(
      { ...SPAN, attributes, events: [event, event, event], links: [link, link, link] },
      { attributes: 2, events: 1, links: 2, attributesPerEvent: 1, attributesPerLink: 0 },
    );
    expect({ ...span.attributes }).toEqual({ a: 1, b: 2 });
    expect([span.droppedAttributesCount, span.droppedEventsCount, span.droppedLinksCount]).toEqual([1, 2, 1]);
    expect(span.events.map((each) => each.droppedAttributesCount)).toEqual([2]);
    expect(span.links.map((each) => each.droppedAttributesCount)).toEqual([3, 3]);
  });

  test('a long text is cut, also in a list, and a long list', () => {
    const long = 'x'.repeat(50);
    const span = passAttributes({ long, list: [long], many: Array(500).fill('y') }, { valueLength: 10 });
    expect(span.attributes.long).toBe('x'.repeat(10));
    expect(span.attributes.list).toEqual(['x'.repeat(10)]);
    expect(span.attributes.many).toHaveLength(128);
  });

  test('no span is larger than about 256 KB, whatever the limits allow', () => {
    const cells = new SpanCells({ ...LIMITS, attributes: 10_000, valueLength: 100_000 });
    const attributes = Object.fromEntries(
      Array.from({ length: 1000 }, (_, index) => [`k${index}`, 'x'.repeat(50_000)]),
    );
    cells.add(TRACE, SCOPE, { ...SPAN, attributes });
    expect(cells.bytes).toBeLessThan(400_000);
    const [span] = readSpanCells(cells.cells, { seconds: 0, nanoseconds: 0 }, RESOURCE);
    expect(Object.keys(span?.attributes ?? {}).length + (span?.droppedAttributesCount ?? 0)).toBe(1000);
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
    ['an empty list', [], []],
    ['no value at all', undefined, undefined],
  ])('%s becomes a value of OTLP', (_, value, expected) => {
    expect(passAttributes({ value }).attributes.value).toEqual(expected);
  });

  test('a key __proto__ is a key, an empty or very long one is left out, an inherited one is none', () => {
    const attributes = Object.assign(Object.create({ inherited: 1 }), {
      '': 1,
      ['k'.repeat(300)]: 1,
      good: 1,
    });
    Object.defineProperty(attributes, '__proto__', { value: 'own', enumerable: true });
    const span = passAttributes(attributes);
    expect(Object.entries(span.attributes).sort()).toEqual([
      ['__proto__', 'own'],
      ['good', 1],
    ]);
    expect(span.droppedAttributesCount).toBe(2);
  });

  test('getters and proxies that throw leave a mark instead of a span, and the spans beside it whole', () => {
    const getter = Object.defineProperty({}, 'x', {
      enumerable: true,
      get() {
        throw new Error('no');
      },
    });
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    const cells = new SpanCells(LIMITS);
    cells.add(TRACE, SCOPE, SPAN);
    for (const attributes of [getter, revoked.proxy]) cells.add(TRACE, SCOPE, { ...SPAN, attributes });
    cells.add(TRACE, SCOPE, revoked.proxy as FinishedSpan);
    cells.add(TRACE, SCOPE, SPAN);
    const spans = readSpanCells(cells.cells, { seconds: 0, nanoseconds: 0 }, RESOURCE);
    const mark = 'unreadable span';
    expect(spans.map(({ name }) => name)).toEqual(['work', mark, mark, mark, 'work']);
    expect(cells.spans).toBe(5);
  });

  test('false names, ids, kinds and times are put right', () => {
    const bad = {
      name: '',
      kind: 'odd',
      spanId: 'short',
      parentSpanId: 7,
      startMs: 9,
      endMs: 3,
      status: 'bad',
    };
    const span = pass({ ...SPAN, ...bad } as unknown as FinishedSpan);
    expect(span).toMatchObject({ name: 'unknown', kind: 0, status: { code: 0 }, startTime: span.endTime });
    expect(span.spanContext().spanId).toMatch(/^[\da-f]{16}$/);
    expect(span.parentSpanContext).toBeUndefined();
    const endless = pass({
      ...SPAN,
      endMs: Number.POSITIVE_INFINITY,
      links: [{ traceId: 'x', spanId: 'y' }],
    });
    expect(endless.endTime).toEqual(endless.startTime);
    expect([endless.links, endless.droppedLinksCount]).toEqual([[], 1]);
  });

  test('whatever attributes hold, nothing is thrown and all values are those of OTLP', () => {
    const isScalar = (value: unknown): boolean =>
      typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.anything({ withBigInt: true, withDate: true })),
        (attributes) => {
          for (const value of Object.values(passAttributes(attributes).attributes)) {
            expect(Array.isArray(value) ? value.every(isScalar) : isScalar(value)).toBe(true);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
