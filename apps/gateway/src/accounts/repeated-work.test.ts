import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createRepeatedWork } from './repeated-work.ts';

const PAUSE_MS = 15_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('it is done at its start and after each pause, never two rounds at once', async () => {
  const gates: PromiseWithResolvers<void>[] = [];
  const work = (): Promise<void> => {
    const gate = Promise.withResolvers<void>();
    gates.push(gate);
    return gate.promise;
  };
  const repeated = createRepeatedWork({ work, onTrouble: () => {}, pauseMs: PAUSE_MS });
  repeated.start();
  repeated.start();
  await vi.advanceTimersByTimeAsync(4 * PAUSE_MS);
  expect(gates).toHaveLength(1);
  gates[0]?.resolve();
  await vi.advanceTimersByTimeAsync(PAUSE_MS - 1);
  expect(gates).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(gates).toHaveLength(2);
  const stopped = repeated.stop();
  gates[1]?.resolve();
  await stopped;
  await vi.advanceTimersByTimeAsync(4 * PAUSE_MS);
  expect([gates.length, vi.getTimerCount()]).toEqual([2, 0]);
});

test('a round that fails is told of, and the next one comes', async () => {
  const onTrouble = vi.fn();
  const work = vi.fn().mockRejectedValueOnce(new Error('away')).mockResolvedValue(undefined);
  const repeated = createRepeatedWork({ work, onTrouble, pauseMs: PAUSE_MS });
  repeated.start();
  await vi.advanceTimersByTimeAsync(PAUSE_MS);
  expect(onTrouble).toHaveBeenCalledTimes(1);
  expect(work).toHaveBeenCalledTimes(2);
  await repeated.stop();
});
