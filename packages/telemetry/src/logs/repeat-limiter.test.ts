import { createManualClock } from '@gatewayz/testkit';
import { expect, it } from 'vitest';
import { createRepeatLimiter } from './repeat-limiter.ts';

function start(limit: number) {
  const clock = createManualClock();
  const told: (readonly [string, number, number | undefined])[] = [];
  const limiter = createRepeatLimiter<number>(
    { limit, intervalMs: 10_000 },
    clock,
    (_level, message, repeated, last) => {
      told.push([message, repeated, last]);
    },
  );
  return { clock, told, limiter };
}

it('passes so many of a kind in an interval, then tells how many it held', () => {
  const { clock, told, limiter } = start(2);
  const passed = [1, 2, 3, 4, 5].filter((at) => limiter.admit('warn', 'slow', '', at));
  expect(passed).toEqual([1, 2]);
  expect(told).toEqual([]);
  clock.advance(10_000);
  expect(told).toEqual([['slow', 3, 5]]);
  expect(limiter.admit('warn', 'slow', '', 6)).toBe(true);
  expect(limiter.held()).toBe(3);
});

it('tells kinds apart by level, message and key', () => {
  const { limiter } = start(1);
  expect(limiter.admit('warn', 'a', '', 1)).toBe(true);
  expect(limiter.admit('warn', 'b', '', 1)).toBe(true);
  expect(limiter.admit('error', 'a', '', 1)).toBe(true);
  expect(limiter.admit('warn', 'a', 'k', 1)).toBe(true);
  expect(limiter.admit('warn', 'a', 'k', 1)).toBe(false);
});

it('says nothing where nothing was held, and keeps no timer', () => {
  const { clock, told, limiter } = start(1);
  limiter.admit('warn', 'a', '', 1);
  clock.advance(10_000);
  expect(told).toEqual([]);
  expect(clock.pendingTimers).toBe(0);
});

it('remembers a bounded number of kinds, and lets the others pass', () => {
  const { limiter } = start(1);
  for (let kind = 0; kind < 1_000; kind += 1) limiter.admit('warn', `m${kind}`, '', 0);
  expect(limiter.admit('warn', 'one more', '', 0)).toBe(true);
  expect(limiter.admit('warn', 'one more', '', 0)).toBe(true);
  expect(limiter.admit('warn', 'm1', '', 0)).toBe(false);
});
