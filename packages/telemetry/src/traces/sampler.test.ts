import fc from 'fast-check';
import { expect, test } from 'vitest';
import { newTraceId } from './random-ids.ts';
import { createSampler, type Sampler } from './sampler.ts';

const ratio = (part: number, isParentBased = true): Sampler =>
  createSampler({ isParentBased, ratio: part, keepsLate: true });

test("a parent's decision is followed, whatever the ratio is", () => {
  fc.assert(
    fc.property(fc.constantFrom(0, 0.01, 0.5, 1), fc.boolean(), (part, decision) => {
      expect(ratio(part).isSampled(newTraceId(), decision)).toBe(decision);
    }),
  );
});

test("without parentbased_ a parent's decision says nothing", () => {
  expect(ratio(1, false).isSampled(newTraceId(), false)).toBe(true);
  expect(ratio(0, false).isSampled(newTraceId(), true)).toBe(false);
});

test('a ratio samples that part of the traces', () => {
  const sampler = ratio(0.1);
  const traces = 20_000;
  let sampled = 0;
  for (let index = 0; index < traces; index++) if (sampler.isSampled(newTraceId(), null)) sampled += 1;
  // Six standard deviations: false once in 500 million runs.
  expect(Math.abs(sampled - traces * 0.1)).toBeLessThan(6 * Math.sqrt(traces * 0.1 * 0.9));
});

test('0 samples none and 1 all, also of ids at the ends', () => {
  for (const traceId of [newTraceId(), 'f'.repeat(32), `1${'0'.repeat(31)}`]) {
    expect(ratio(0).isSampled(traceId, null)).toBe(false);
    expect(ratio(1).isSampled(traceId, null)).toBe(true);
  }
});

test('what a low ratio samples every higher one samples too, in every process', () => {
  const part = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(part, part, (one, other) => {
      const [low, high] = [ratio(Math.min(one, other)), ratio(Math.max(one, other))];
      const traceId = newTraceId();
      if (low.isSampled(traceId, null)) expect(high.isSampled(traceId, null)).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test("the decision is on the id's last 56 bits, as OpenTelemetry's consistent sampling has it", () => {
  const sampler = ratio(0.25);
  expect(sampler.isSampled(`${'0'.repeat(18)}c0000000000000`, null)).toBe(true);
  expect(sampler.isSampled(`${'f'.repeat(18)}bfffffffffffff`, null)).toBe(false);
});
