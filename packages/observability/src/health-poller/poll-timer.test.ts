import { createManualClock, type ManualClock } from '@gatewayz/testkit';
import { expect, test } from 'vitest';
import { startPollTimer } from './poll-timer.ts';

function startTimer(
  clock: ManualClock,
  random: () => number,
  run?: () => void,
): { ranAt: number[]; end: () => void } {
  const ranAt: number[] = [];
  const end = startPollTimer({
    run() {
      ranAt.push(clock.now());
      run?.();
    },
    intervalMs: 1000,
    now: () => clock.now(),
    random,
    startTimer(fire, delayMs) {
      const handle = clock.setTimeout(fire, delayMs);
      return () => clock.clearTimeout(handle);
    },
  });
  return { ranAt, end };
}

test('it runs at once and then in every interval', () => {
  const clock = createManualClock(500);
  const { ranAt } = startTimer(clock, () => 0);
  clock.advance(3500);
  expect(ranAt).toEqual([500, 1500, 2500, 3500]);
});

test('each run is up to a tenth of the interval late, and lateness does not add up', () => {
  const clock = createManualClock();
  const jitter = [0.5, 0.999, 0, 0.25];
  const { ranAt } = startTimer(clock, () => jitter.shift() ?? 0.5);
  clock.advance(5100);
  expect(ranAt.map(Math.round)).toEqual([0, 1050, 2100, 3000, 4025, 5050]);
  clock.advance(1000 * 10_000);
  expect(ranAt).toHaveLength(10_006);
  expect(ranAt.at(-1)).toBe(1000 * 10_005 + 50);
});

test('intervals that went by while the process stood still are not made up for', () => {
  const clock = createManualClock();
  let stalls = 0;
  const { ranAt } = startTimer(
    { ...clock, setTimeout: clock.setTimeout.bind(clock), now: () => clock.now() + stalls } as ManualClock,
    () => 0,
  );
  clock.advance(1000);
  stalls = 5300;
  clock.advance(1000);
  clock.advance(700);
  expect(ranAt).toEqual([0, 1000, 7300, 8000]);
});

test('a timer that fires early does not run twice for one interval', () => {
  const clock = createManualClock();
  const delays: number[] = [];
  let fire = (): void => undefined;
  startPollTimer({
    run: () => undefined,
    intervalMs: 1000,
    now: () => clock.now(),
    random: () => 0,
    startTimer(run, delayMs) {
      delays.push(delayMs);
      fire = run;
      return () => undefined;
    },
  });
  clock.advance(999);
  fire();
  expect(delays).toEqual([1000, 1001]);
});

test('ended it runs no more, also where a run ends it', () => {
  const clock = createManualClock();
  const first = startTimer(clock, () => 0);
  first.end();
  let runs = 0;
  const second = startTimer(
    clock,
    () => 0,
    () => {
      runs += 1;
      if (runs === 2) second.end();
    },
  );
  clock.advance(10_000);
  expect([first.ranAt, second.ranAt, clock.pendingTimers]).toEqual([[0], [0, 1000], 0]);
});
