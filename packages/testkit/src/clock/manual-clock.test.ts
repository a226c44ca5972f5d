import { expect, test } from 'vitest';
import { createManualClock } from './manual-clock.ts';

test('time stands still until it is advanced', () => {
  const clock = createManualClock(1000);
  expect(clock.now()).toBe(1000);
  clock.advance(250);
  expect(clock.now()).toBe(1250);
});

test('timers fire in order of their time, then of their start, each seeing its own moment', () => {
  const clock = createManualClock();
  const fired: string[] = [];
  clock.setTimeout(() => fired.push(`late@${clock.now()}`), 30);
  clock.setTimeout(() => fired.push(`first@${clock.now()}`), 10);
  clock.setTimeout(() => fired.push(`second@${clock.now()}`), 10);
  clock.advance(29);
  expect(fired).toEqual(['first@10', 'second@10']);
  clock.advance(1);
  expect(fired).toEqual(['first@10', 'second@10', 'late@30']);
});

test('a timer started by a timer fires in the same advance when it is due', () => {
  const clock = createManualClock();
  const fired: number[] = [];
  const again = (): void => {
    fired.push(clock.now());
    clock.setTimeout(again, 10);
  };
  clock.setTimeout(again, 10);
  clock.advance(35);
  expect(fired).toEqual([10, 20, 30]);
  expect(clock.pendingTimers).toBe(1);
});

test('a cleared timer never fires', () => {
  const clock = createManualClock();
  const timer = clock.setTimeout(() => expect.unreachable(), 10);
  clock.clearTimeout(timer);
  clock.advance(100);
  expect(clock.pendingTimers).toBe(0);
});

test('advanceAsync lets a promise chain start its next timer before time moves on', async () => {
  const clock = createManualClock();
  const seen: number[] = [];
  const wait = (ms: number): Promise<void> => new Promise((resolve) => void clock.setTimeout(resolve, ms));
  const chain = (async () => {
    await wait(10);
    seen.push(clock.now());
    await wait(10);
    seen.push(clock.now());
  })();
  await clock.advanceAsync(100);
  await chain;
  expect(seen).toEqual([10, 20]);
});

test('time cannot be turned back', () => {
  expect(() => createManualClock().advance(-1)).toThrow(/-1 ms/);
  expect(() => createManualClock().advance(Number.NaN)).toThrow(RangeError);
});
