import { expect, test } from 'vitest';
import { type RateSpan, rateOver } from './rate-span.ts';

const span: RateSpan = {
  sampled: 285,
  gapBefore: 10,
  gapAfter: 5,
  spacingBefore: 15,
  spacingAfter: 15,
  window: 300,
};

test('growth is extrapolated to both edges of the window where samples are near them', () => {
  expect(rateOver(1000, 1285, span)).toBeCloseTo(1, 10);
});

test('far from an edge it reaches half a spacing', () => {
  const rate = rateOver(1000, 1060, { ...span, sampled: 60, gapBefore: 200, gapAfter: 40 });
  expect(rate).toBeCloseTo((60 + 7.5 + 7.5) / 300, 10);
});

test('it never reaches back beyond the moment at which the counter was 0', () => {
  expect(rateOver(0, 285, span)).toBeCloseTo(290 / 300, 10);
  expect(rateOver(4, 289, span)).toBeCloseTo(294 / 300, 10);
});

test('a counter that fell began anew', () => {
  expect(rateOver(1000, 30, { ...span, gapBefore: 0, gapAfter: 0 })).toBeCloseTo(30 / 300, 10);
});

test('a counter that stands still has a rate of 0', () => {
  expect(rateOver(7, 7, span)).toBe(0);
});
