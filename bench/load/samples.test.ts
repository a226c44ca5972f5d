import { expect, it } from 'vitest';
import { Samples } from './samples.ts';

it('gives nearest-rank percentiles of more samples than it has room for at first', () => {
  const samples = new Samples();
  for (let value = 100_000; value >= 1; value -= 1) {
    samples.add(value);
  }
  expect(samples.count).toBe(100_000);
  expect(samples.latency()).toEqual({ p50: 50_000, p99: 99_000 });
});

it('has no percentile without a sample', () => {
  expect(new Samples().latency()).toEqual({ p50: Number.NaN, p99: Number.NaN });
});
