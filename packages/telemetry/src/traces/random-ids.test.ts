import { expect, test } from 'vitest';
import { newSpanId, newTraceId } from './random-ids.ts';

test('ids have the length and the digits that OpenTelemetry wants, and none comes twice', () => {
  const traceIds = Array.from({ length: 5000 }, newTraceId);
  const spanIds = Array.from({ length: 5000 }, newSpanId);
  for (const id of traceIds) expect(id).toMatch(/^[\da-f]{32}$/);
  for (const id of spanIds) expect(id).toMatch(/^[\da-f]{16}$/);
  expect(new Set(traceIds).size).toBe(5000);
  expect(new Set(spanIds).size).toBe(5000);
});
