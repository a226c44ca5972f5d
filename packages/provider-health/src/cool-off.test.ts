import { expect, test } from 'vitest';
import { createCoolOff } from './cool-off.ts';

test('a pause runs for its time and no longer', () => {
  const pause = createCoolOff(60_000);
  pause.start(5_000, 'rate_limited', 100);
  expect(pause.running(5_099)).toEqual({ reason: 'rate_limited', untilMs: 5_100 });
  expect(pause.isRunning(5_100)).toBe(false);
});

test('a pause is bounded, whatever a provider asks for', () => {
  const pause = createCoolOff(60_000);
  pause.start(Number.POSITIVE_INFINITY, 'credentials', 0);
  expect(pause.running(0)?.untilMs).toBe(60_000);
});

test('a shorter wish never shortens a pause', () => {
  const pause = createCoolOff(60_000);
  pause.start(30_000, 'credentials', 0);
  pause.start(1_000, 'rate_limited', 10);
  expect(pause.running(20)).toEqual({ reason: 'credentials', untilMs: 30_000 });
});

test('a time that is zero, negative or not a number starts none', () => {
  const pause = createCoolOff(60_000);
  for (const forMs of [0, -5, Number.NaN]) pause.start(forMs, 'rate_limited', 0);
  expect(pause.isRunning(0)).toBe(false);
});

test('an operator can end a pause', () => {
  const pause = createCoolOff(60_000);
  pause.start(30_000, 'credentials', 0);
  pause.end();
  expect(pause.isRunning(1)).toBe(false);
});
