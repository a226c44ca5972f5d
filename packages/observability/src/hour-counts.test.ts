import { OUTCOMES } from '@gatewayz/provider-health';
import { expect, test } from 'vitest';
import { createHourCounts } from './hour-counts.ts';

const MINUTE_MS = 60_000;

test('every attempt is a request, and an error where it counts against the provider', () => {
  const hour = createHourCounts();
  for (const outcome of OUTCOMES) hour.record(outcome, 0);
  expect(hour.requests(0)).toBe(9);
  expect(hour.errors(0)).toBe(3);
});

test('an attempt is counted for an hour, to the minute', () => {
  const hour = createHourCounts();
  hour.record('timeout', 0);
  hour.record('success', 9 * MINUTE_MS);
  expect([hour.requests(60 * MINUTE_MS - 1), hour.errors(60 * MINUTE_MS - 1)]).toEqual([2, 1]);
  expect([hour.requests(60 * MINUTE_MS), hour.errors(60 * MINUTE_MS)]).toEqual([1, 0]);
  expect([hour.requests(69 * MINUTE_MS - 1), hour.requests(69 * MINUTE_MS)]).toEqual([1, 0]);
});
