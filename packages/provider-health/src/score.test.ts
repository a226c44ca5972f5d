import fc from 'fast-check';
import { expect, test } from 'vitest';
import { availabilityOf, healthScore, healthStatus, latencyScore } from './score.ts';

test.each([
  [null, 1],
  [0, 1],
  [2_000, 1],
  [4_000, 0.75],
  [6_000, 0.5],
  [10_000, 0],
  [60_000, 0],
])('a p95 of %j ms scores %d', (p95Ms, score) => {
  expect(latencyScore(p95Ms)).toBe(score);
});

test('a provider of which nothing is known has a full score', () => {
  expect(healthScore({ availability: 1, errorRate: 0, p95Ms: null })).toBe(1);
});

test('the score weighs availability 0.4, errors 0.3 and latency 0.3', () => {
  expect(healthScore({ availability: 0, errorRate: 0, p95Ms: null })).toBeCloseTo(0.6);
  expect(healthScore({ availability: 1, errorRate: 1, p95Ms: null })).toBeCloseTo(0.7);
  expect(healthScore({ availability: 1, errorRate: 0, p95Ms: 20_000 })).toBeCloseTo(0.7);
  expect(healthScore({ availability: 1, errorRate: 0.5, p95Ms: 6_000 })).toBeCloseTo(0.7);
  expect(healthScore({ availability: 0, errorRate: 1, p95Ms: 20_000 })).toBe(0);
});

test('the score stays within 0…1 for every number', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(0 as const, 1 as const),
      fc.double(),
      fc.double(),
      (availability, errorRate, p95Ms) => {
        const score = healthScore({ availability, errorRate, p95Ms });
        expect(score).toBeGreaterThanOrEqual(0);
        expect(score).toBeLessThanOrEqual(1);
      },
    ),
  );
});

test('an open breaker and failing probes make a provider unavailable, a half-open breaker does not', () => {
  expect(availabilityOf('open', false)).toBe(0);
  expect(availabilityOf('closed', true)).toBe(0);
  expect(availabilityOf('half_open', false)).toBe(1);
  expect(availabilityOf('closed', false)).toBe(1);
});

test('the status is down without availability, unknown without evidence, degraded below 0.8, else healthy', () => {
  expect(healthStatus(0, 1, true)).toBe('down');
  expect(healthStatus(0, 1, false)).toBe('down');
  expect(healthStatus(1, 1, false)).toBe('unknown');
  expect(healthStatus(1, 0.799, true)).toBe('degraded');
  expect(healthStatus(1, 0.8, true)).toBe('healthy');
});
