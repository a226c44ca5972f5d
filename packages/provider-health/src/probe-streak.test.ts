import { expect, test } from 'vitest';
import { createProbeStreak } from './probe-streak.ts';

test('three failed probes in a row are failing, and one that succeeds ends it', () => {
  const streak = createProbeStreak(1000);
  streak.record(false, 0);
  streak.record(false, 100);
  expect(streak.isFailing(100)).toBe(false);
  streak.record(false, 200);
  expect(streak.isFailing(200)).toBe(true);
  streak.record(true, 300);
  streak.record(false, 400);
  streak.record(false, 500);
  expect(streak.isFailing(500)).toBe(false);
});

test('probes that stopped coming are forgotten', () => {
  const streak = createProbeStreak(1000);
  for (const nowMs of [0, 1, 2]) streak.record(false, nowMs);
  expect(streak.isFailing(1002)).toBe(true);
  expect(streak.isFailing(1003)).toBe(false);
  expect(streak.isKnown(1003)).toBe(false);
  streak.record(false, 5000);
  expect(streak.isFailing(5000)).toBe(false);
});

test('no probe, nothing known', () => {
  expect(createProbeStreak(1000).isKnown(0)).toBe(false);
});
