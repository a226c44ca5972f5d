import { expect, test } from 'vitest';
import { type Bucket, histogramQuantile } from './histogram-quantile.ts';

function buckets(...pairs: readonly (readonly [number, number])[]): readonly Bucket[] {
  return pairs.map(([upperBound, count]) => ({ upperBound, count }));
}
const INF = Number.POSITIVE_INFINITY;

test.each([
  ['lies linearly inside its bucket', 0.5, buckets([1, 0], [2, 10], [INF, 10]), 1.5],
  ['in the first bucket begins at 0', 0.5, buckets([4, 10], [INF, 10]), 2],
  ['beyond the finite bounds is the highest of them', 0.9, buckets([1, 1], [2, 2], [INF, 10]), 2],
  ['does not need sorted buckets', 0.5, buckets([INF, 10], [2, 10], [1, 0]), 1.5],
  [
    'takes a bucket that falls by rounding as the one before',
    0.5,
    buckets([1, 10], [2, 9.999], [INF, 10]),
    0.5,
  ],
  ['of a first bound of 0 is 0', 0.5, buckets([0, 10], [1, 10], [INF, 10]), 0],
])('a quantile %s', (_, q, given, expected) => {
  expect(histogramQuantile(q, given)).toBeCloseTo(expected, 10);
});

test.each([
  ['no observations', buckets([1, 0], [INF, 0])],
  ['no infinite bucket', buckets([1, 5], [2, 10])],
  ['the infinite bucket alone', buckets([INF, 10])],
  ['no buckets', []],
])('with %s there is none', (_, given) => {
  expect(histogramQuantile(0.5, given)).toBeNaN();
});
