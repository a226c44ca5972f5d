import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DeadlineTimer } from './deadline-timer.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

interface Owner {
  deadlineAt: number;
  readonly passedAt: number[];
  nextDeadlineAt(): number;
  deadlinePassed(now: number): void;
}

function ownerWith(deadlineAt: number): Owner {
  const passedAt: number[] = [];
  return {
    deadlineAt,
    passedAt,
    nextDeadlineAt() {
      return this.deadlineAt;
    },
    deadlinePassed: (now) => void passedAt.push(now),
  };
}

test('a deadline that passes is told once, and not before its time', () => {
  const start = performance.now();
  const owner = ownerWith(start + 100);
  new DeadlineTimer(owner, 10_000).arm();
  vi.advanceTimersByTime(99);
  expect(owner.passedAt).toEqual([]);
  vi.advanceTimersByTime(1000);
  expect(owner.passedAt).toEqual([start + 100]);
});

test('a deadline that moves on is kept without a second timer', () => {
  const start = performance.now();
  const owner = ownerWith(start + 100);
  new DeadlineTimer(owner, 10_000).arm();
  vi.advanceTimersByTime(50);
  owner.deadlineAt = start + 250;
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(199);
  expect(owner.passedAt).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(owner.passedAt).toEqual([start + 250]);
});

test('a deadline that comes closer is kept once the timer is armed again', () => {
  const start = performance.now();
  const owner = ownerWith(start + 10_000);
  const timer = new DeadlineTimer(owner, 10_000);
  timer.arm();
  owner.deadlineAt = start + 20;
  timer.arm();
  vi.advanceTimersByTime(20);
  expect(owner.passedAt).toEqual([start + 20]);
  expect(vi.getTimerCount()).toBe(0);
});

test('a deadline that lies in the past is told at the next turn', () => {
  const owner = ownerWith(performance.now() - 5000);
  new DeadlineTimer(owner, 10_000).arm();
  expect(owner.passedAt).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(owner.passedAt).toHaveLength(1);
});

test('a timer that was cleared tells nothing', () => {
  const owner = ownerWith(performance.now() + 10);
  const timer = new DeadlineTimer(owner, 10_000);
  timer.arm();
  timer.clear();
  timer.clear();
  vi.advanceTimersByTime(1000);
  expect(owner.passedAt).toEqual([]);
});

test('a deadline that comes closer is met without a word, where it is no closer than the longest wait', () => {
  const start = performance.now();
  const owner = ownerWith(start + 60_000);
  new DeadlineTimer(owner, 1000).arm();
  vi.advanceTimersByTime(500);
  owner.deadlineAt = start + 1500;
  vi.advanceTimersByTime(10_000);
  expect(owner.passedAt).toEqual([start + 1500]);
});
