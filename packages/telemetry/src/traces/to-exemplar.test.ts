import { expect, test } from 'vitest';
import { toExemplar } from './to-exemplar.ts';

const TRACE = {
  traceId: 'a'.repeat(32),
  spanId: 'b'.repeat(16),
  parentSpanId: '',
  isSampled: false,
  tracestate: '',
  baggage: '',
};
const IDS = { traceId: TRACE.traceId, spanId: TRACE.spanId };

test('only a trace that is kept has an exemplar', () => {
  expect(toExemplar(TRACE, null)).toBeUndefined();
  expect(toExemplar(TRACE, 'slow')).toEqual(IDS);
  expect(toExemplar({ ...TRACE, isSampled: true }, null)).toEqual(IDS);
});
