import { expect, test } from 'vitest';
import { readRetryAfter } from './read-retry-after.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');

test.each([
  ['0', 0],
  ['120', 120_000],
  ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
  ['Wed, 31 Dec 2025 23:00:00 GMT', 0],
  ['', null],
  ['-5', null],
  ['1.5', null],
  ['soon', null],
  ['9'.repeat(400), null],
])('%s asks for %s ms', (header, waitMs) => {
  expect(readRetryAfter(header, NOW)).toBe(waitMs);
});
