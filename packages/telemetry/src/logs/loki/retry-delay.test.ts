import { expect, it } from 'vitest';
import { retryDelayMs } from './retry-delay.ts';

const TIMING = { backoffMs: 500, maxBackoffMs: 30_000 };

it('doubles up to its bound, half of it at random', () => {
  expect(retryDelayMs(1, '', TIMING, 0, 0)).toBe(250);
  expect(retryDelayMs(1, '', TIMING, 0, 1)).toBe(500);
  expect(retryDelayMs(3, '', TIMING, 0, 1)).toBe(2_000);
  expect(retryDelayMs(1_000, '', TIMING, 0, 1)).toBe(30_000);
});

it('does as Retry-After says, in seconds or as a date, at most a minute', () => {
  const nowMs = Date.parse('2026-01-01T00:00:00Z');
  expect(retryDelayMs(1, '7', TIMING)).toBe(7_000);
  expect(retryDelayMs(1, '0', TIMING)).toBe(0);
  expect(retryDelayMs(1, '99999', TIMING)).toBe(60_000);
  expect(retryDelayMs(1, 'Thu, 01 Jan 2026 00:00:05 GMT', TIMING, nowMs)).toBe(5_000);
  expect(retryDelayMs(1, 'Wed, 31 Dec 2025 00:00:05 GMT', TIMING, nowMs)).toBe(0);
});

it('takes a Retry-After that is none for nothing', () => {
  expect(retryDelayMs(1, 'soon', TIMING, 0, 1)).toBe(500);
  expect(retryDelayMs(1, '1e9x', TIMING, 0, 1)).toBe(500);
});
