import { createManualClock } from '@gatewayz/testkit';
import { expect, test } from 'vitest';
import { withinDeadline } from './within-deadline.ts';

function createRig() {
  const clock = createManualClock();
  const stop = new AbortController();
  const signals: AbortSignal[] = [];
  return {
    clock,
    stop,
    signals,
    wait: <T>(fetch: () => Promise<T>): Promise<T> =>
      withinDeadline(
        (signal) => {
          signals.push(signal);
          return fetch();
        },
        {
          timeoutMs: 100,
          stop: stop.signal,
          startTimer(run, delayMs) {
            const handle = clock.setTimeout(run, delayMs);
            return () => clock.clearTimeout(handle);
          },
        },
      ),
  };
}

const never = <T>(): Promise<T> => new Promise(() => undefined);

test('what comes in time is handed on, good or bad, and no timer is left', async () => {
  const { wait, clock, signals } = createRig();
  expect(await wait(async () => 5)).toBe(5);
  await expect(wait(() => Promise.reject(new Error('bad')))).rejects.toThrow('bad');
  await expect(
    wait(() => {
      throw new Error('worse');
    }),
  ).rejects.toThrow('worse');
  expect([clock.pendingTimers, signals.map(({ aborted }) => aborted)]).toEqual([0, [false, false, false]]);
});

test('a fetch that heeds no signal is not waited for beyond its time', async () => {
  const { wait, clock, signals } = createRig();
  const waiting = wait(never);
  clock.advance(99);
  expect(signals[0]?.aborted).toBe(false);
  clock.advance(1);
  await expect(waiting).rejects.toMatchObject({
    reason: 'timeout',
    message: 'no whole answer within 100 ms',
  });
  expect(signals[0]?.aborted).toBe(true);
});

test('a stop ends the wait, the fetch and the timer', async () => {
  const { wait, clock, stop, signals } = createRig();
  const waiting = wait(never);
  stop.abort(new Error('stopped'));
  await expect(waiting).rejects.toThrow('stopped');
  expect([clock.pendingTimers, signals[0]?.aborted]).toEqual([0, true]);
});
