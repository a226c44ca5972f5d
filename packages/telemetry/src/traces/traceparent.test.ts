import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatTraceparent, parseTraceparent } from './traceparent.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';
const VALID = `00-${TRACE_ID}-${SPAN_ID}-01`;
const PARENT = { traceId: TRACE_ID, spanId: SPAN_ID, isSampled: true };

const hexId = (length: number): fc.Arbitrary<string> =>
  fc
    .array(fc.constantFrom(...'0123456789abcdef'), { minLength: length, maxLength: length })
    .map((digits) => digits.join(''))
    .filter((id) => /[^0]/.test(id));

describe('a valid header', () => {
  test('gives the ids and the decision of the caller', () => {
    expect(parseTraceparent(VALID)).toEqual(PARENT);
    expect(parseTraceparent([VALID])).toEqual(PARENT);
    expect(parseTraceparent(`00-${TRACE_ID}-${SPAN_ID}-00`)).toEqual({ ...PARENT, isSampled: false });
  });

  test('has other flags than the sampled one, which say nothing', () => {
    expect(parseTraceparent(`00-${TRACE_ID}-${SPAN_ID}-ff`)?.isSampled).toBe(true);
    expect(parseTraceparent(`00-${TRACE_ID}-${SPAN_ID}-fe`)?.isSampled).toBe(false);
  });

  test('of a later version is read as far as it is known', () => {
    expect(parseTraceparent(`cc-${TRACE_ID}-${SPAN_ID}-01`)).toEqual(PARENT);
    expect(parseTraceparent(`cc-${TRACE_ID}-${SPAN_ID}-01-what-the-future-holds`)).toEqual(PARENT);
    expect(parseTraceparent(`01-${TRACE_ID}-${SPAN_ID}-01-`)).toEqual(PARENT);
  });

  test('comes out as it went in', () => {
    fc.assert(
      fc.property(hexId(32), hexId(16), fc.boolean(), (traceId, spanId, isSampled) => {
        const header = formatTraceparent(traceId, spanId, isSampled);
        expect(parseTraceparent(header)).toEqual({ traceId, spanId, isSampled });
      }),
    );
  });
});

test.each([
  ['nothing', undefined],
  ['an empty one', ''],
  ['a number', 42],
  ['two headers', [VALID, VALID]],
  ['two headers that Node joined', `${VALID}, ${VALID}`],
  ['no header in a list', []],
  ['version ff', `ff-${TRACE_ID}-${SPAN_ID}-01`],
  ['an upper-case version', `CC-${TRACE_ID}-${SPAN_ID}-01`],
  ['an upper-case trace id', `00-${TRACE_ID.toUpperCase()}-${SPAN_ID}-01`],
  ['an upper-case span id', `00-${TRACE_ID}-${SPAN_ID.toUpperCase()}-01`],
  ['a trace id of zeros', `00-${'0'.repeat(32)}-${SPAN_ID}-01`],
  ['a span id of zeros', `00-${TRACE_ID}-${'0'.repeat(16)}-01`],
  ['a short trace id', `00-${TRACE_ID.slice(1)}-${SPAN_ID}-01`],
  ['a long trace id', `00-${TRACE_ID}a-${SPAN_ID}-01`],
  ['a trace id that is not hexadecimal', `00-${TRACE_ID.replace('a', 'g')}-${SPAN_ID}-01`],
  ['one flag digit', `00-${TRACE_ID}-${SPAN_ID}-1`],
  ['flags that are not hexadecimal', `00-${TRACE_ID}-${SPAN_ID}-0x`],
  ['version 00 with more', `${VALID}-more`],
  ['version 00 with a dash more', `${VALID}-`],
  ['a later version with more but no dash', `cc-${TRACE_ID}-${SPAN_ID}-01.more`],
  ['a blank before', ` ${VALID}`],
  ['a line end after', `${VALID}\n`],
  ['other dashes', VALID.replaceAll('-', '_')],
])('%s is no parent', (_, header) => {
  expect(parseTraceparent(header)).toBeNull();
});

test('whatever comes is read without a throw, and what is read is valid', () => {
  const mutated = fc
    .tuple(fc.nat(60), fc.string({ maxLength: 4 }))
    .map(([at, text]) => VALID.slice(0, at) + text + VALID.slice(at + text.length));
  fc.assert(
    fc.property(fc.oneof(mutated, fc.string({ maxLength: 80 }), fc.anything()), (header) => {
      const parent = parseTraceparent(header);
      if (parent === null) return;
      expect(parent.traceId).toMatch(/^(?!0{32})[\da-f]{32}$/);
      expect(parent.spanId).toMatch(/^(?!0{16})[\da-f]{16}$/);
    }),
    { numRuns: 2000 },
  );
});
