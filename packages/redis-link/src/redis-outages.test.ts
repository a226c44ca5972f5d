import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createRedisOutages, type RedisOutages } from './redis-outages.ts';

let isAvailable: boolean;
let trouble: string | null;
let told: (string | number)[];
let outages: RedisOutages;

beforeEach(() => {
  vi.useFakeTimers();
  isAvailable = true;
  trouble = 'ECONNREFUSED';
  told = [];
  outages = createRedisOutages({
    redis: { isAvailable: () => isAvailable, trouble: () => trouble },
    onOutage: (reason) => told.push(reason),
    onRecovery: (outageMs) => told.push(outageMs),
  });
});
afterEach(() => {
  outages.stop();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const SUCCESS = { status: 'success' } as const;
const ERROR = { status: 'error' } as const;

test('an outage is told of once, with its reason, and its end once', () => {
  isAvailable = false;
  outages.note(ERROR);
  vi.advanceTimersByTime(1999);
  expect(told).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(told).toEqual(['ECONNREFUSED']);
  vi.advanceTimersByTime(60_000);
  outages.note(ERROR);
  expect(told).toHaveLength(1);
  isAvailable = true;
  vi.advanceTimersByTime(9999);
  outages.note(SUCCESS);
  expect(told).toHaveLength(1);
  vi.advanceTimersByTime(1);
  outages.note(SUCCESS);
  outages.note(SUCCESS);
  expect(told).toEqual(['ECONNREFUSED', 62_000]);
});

test('a connection that is on its way, and a single failure, are no outage', () => {
  isAvailable = false;
  trouble = null;
  outages.note(ERROR);
  isAvailable = true;
  vi.advanceTimersByTime(5000);
  outages.note(SUCCESS);
  outages.note(ERROR);
  outages.note(SUCCESS);
  vi.advanceTimersByTime(5000);
  expect(told).toEqual([]);
});

test('a Redis that hangs, and looks well between two tries, is out', () => {
  trouble = 'timeout';
  outages.note({ status: 'timeout' });
  vi.advanceTimersByTime(2500);
  expect(told).toEqual([]);
  outages.note({ status: 'timeout' });
  expect(told).toEqual(['timeout']);
});

test('one that comes and goes is one outage, however often', () => {
  for (let turn = 0; turn < 20; turn += 1) {
    isAvailable = false;
    outages.note(ERROR);
    vi.advanceTimersByTime(2000);
    isAvailable = true;
    outages.note(SUCCESS);
    vi.advanceTimersByTime(5000);
  }
  expect(told).toEqual(['ECONNREFUSED']);
});

test('one that refuses to write is out, although it answers to other things', () => {
  trouble = 'READONLY';
  isAvailable = false;
  outages.note(SUCCESS);
  vi.advanceTimersByTime(2000);
  expect(told).toEqual(['READONLY']);
});
