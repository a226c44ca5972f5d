import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createEpochClock, fromEpochTime, toEpochTime } from './epoch-clock.ts';

test('a monotonic time is its place in the epoch, to the nanosecond', () => {
  const clock = createEpochClock(
    () => 1_700_000_000_250,
    () => 0,
    1_700_000_000_250,
  );
  expect(toEpochTime(clock.origin(), 1.000001)).toEqual([1_700_000_000, 251_000_001]);
  expect(toEpochTime(clock.origin(), 749.999999)).toEqual([1_700_000_000, 999_999_999]);
  expect(toEpochTime(clock.origin(), 750)).toEqual([1_700_000_001, 0]);
  expect(toEpochTime(clock.origin(), -250.5)).toEqual([1_699_999_999, 999_500_000]);
});

test('a time there and back is the same to the nanosecond, and order is kept', () => {
  const { seconds, nanoseconds } = createEpochClock().origin();
  const origin = { seconds, nanoseconds };
  // A year of uptime, in milliseconds.
  const time = fc.double({ min: 0, max: 31_536_000_000, noNaN: true });
  fc.assert(
    fc.property(time, time, (one, other) => {
      expect(Math.abs(fromEpochTime(origin, toEpochTime(origin, one)) - one)).toBeLessThan(0.00001);
      const [early, late] = [Math.min(one, other), Math.max(one, other)].map((ms) => toEpochTime(origin, ms));
      const nanos = ([s, ns]: readonly [number, number]): bigint => BigInt(s) * 1_000_000_000n + BigInt(ns);
      if (early !== undefined && late !== undefined) expect(nanos(late) >= nanos(early)).toBe(true);
    }),
  );
});

test('the origin stays while the clocks agree, and moves when the wall clock was set', () => {
  let epochMs = 1_000_000;
  let monotonicMs = 0;
  const clock = createEpochClock(
    () => epochMs,
    () => monotonicMs,
    1_000_000,
  );
  const first = clock.origin();
  epochMs += 10_040;
  monotonicMs += 10_000;
  expect(clock.origin()).toBe(first);
  epochMs += 3_600_000;
  expect(toEpochTime(clock.origin(), monotonicMs)).toEqual([4610, 40_000_000]);
});
