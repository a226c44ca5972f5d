import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createLineClock } from './line-clock.ts';

it('gives nanoseconds and ISO time of the same millisecond', () => {
  const next = createLineClock(() => 1_700_000_000_123.9, 7);
  expect(next()).toEqual({ iso: '2023-11-14T22:13:20.123Z', nanoseconds: '1700000000123000007' });
  expect(next().nanoseconds).toBe('1700000000123001007');
});

it('always goes forward, whatever the clock does', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1_700_000_000_000, max: 1_700_000_000_005 })), (times) => {
      let now = 1_700_000_000_000;
      const next = createLineClock(() => now);
      let last = 0n;
      for (const time of times) {
        now = time;
        for (let line = 0; line < 700; line += 1) {
          const nanoseconds = BigInt(next().nanoseconds);
          expect(nanoseconds > last).toBe(true);
          last = nanoseconds;
        }
      }
    }),
    { numRuns: 20 },
  );
});
