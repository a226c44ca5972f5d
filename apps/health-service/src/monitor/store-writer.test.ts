import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { HealthStore } from '../store/health-store.ts';
import { StoreWriter } from './store-writer.ts';

const SPENDING = { provider: 'groq', day: '2026-01-31', tokens: 1, microUsd: 2 };
const SPENT = { tokens: 10, microUsd: 20 };

let told: unknown[];
let answer: PromiseWithResolvers<typeof SPENT>;
let writer: StoreWriter;

beforeEach(() => {
  vi.useFakeTimers();
  told = [];
  answer = Promise.withResolvers();
  const store = { addSpent: () => answer.promise } as Partial<HealthStore> as HealthStore;
  writer = new StoreWriter(store, (error) => told.push(error));
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

test('a database that hangs is told of after three seconds, once, and again when it answers', async () => {
  const spent = writer.addSpent(SPENDING);
  const another = writer.addSpent(SPENDING);
  vi.advanceTimersByTime(2999);
  expect([writer.isFailing, told]).toEqual([false, []]);
  vi.advanceTimersByTime(1);
  expect(writer.isFailing).toBe(true);
  vi.advanceTimersByTime(60_000);
  expect(told).toMatchObject([{ name: 'SqlError', code: 'timeout' }]);
  answer.resolve(SPENT);
  expect([await spent, await another]).toEqual([SPENT, SPENT]);
  expect([writer.isFailing, told.slice(1)]).toEqual([false, [null]]);
});

test('one that hangs and then fails is told of once', async () => {
  const spent = writer.addSpent(SPENDING);
  vi.advanceTimersByTime(3000);
  answer.reject(new Error('gone'));
  expect(await spent).toBeNull();
  expect([writer.isFailing, told.length]).toEqual([true, 1]);
});

test('one that answers in time is not told of', async () => {
  const spent = writer.addSpent(SPENDING);
  vi.advanceTimersByTime(2999);
  answer.resolve(SPENT);
  await spent;
  vi.advanceTimersByTime(60_000);
  expect(told).toEqual([]);
});
