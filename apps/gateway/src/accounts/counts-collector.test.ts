import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { AccountCounts } from './account-counts.ts';
import { createCountsCollector } from './counts-collector.ts';

const COUNTS: AccountCounts = { keys: [], subscriptions: [], trials: [], balances: [] };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('it counts at its start and after each pause, never two rounds at once', async () => {
  const gates: PromiseWithResolvers<AccountCounts>[] = [];
  const onCounts = vi.fn();
  const counts = (): Promise<AccountCounts> => {
    const gate = Promise.withResolvers<AccountCounts>();
    gates.push(gate);
    return gate.promise;
  };
  const collector = createCountsCollector({ counts, onCounts, onTrouble: () => {} });
  collector.start();
  collector.start();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(gates).toHaveLength(1);
  gates[0]?.resolve(COUNTS);
  await vi.advanceTimersByTimeAsync(14_999);
  expect([onCounts.mock.calls.length, gates.length]).toEqual([1, 1]);
  await vi.advanceTimersByTimeAsync(1);
  expect(gates).toHaveLength(2);
  gates[1]?.resolve(COUNTS);
  await collector.stop();
  expect(onCounts).toHaveBeenCalledTimes(2);
  expect(vi.getTimerCount()).toBe(0);
});

test('a round that fails is told of, and the next one comes', async () => {
  const onTrouble = vi.fn();
  const counts = vi.fn().mockRejectedValueOnce(new Error('away')).mockResolvedValue(COUNTS);
  const onCounts = vi.fn();
  const collector = createCountsCollector({ counts, onCounts, onTrouble });
  collector.start();
  await vi.advanceTimersByTimeAsync(15_000);
  expect(onTrouble).toHaveBeenCalledTimes(1);
  expect(onCounts).toHaveBeenCalledTimes(1);
  await collector.stop();
});
