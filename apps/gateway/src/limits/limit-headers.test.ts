import { expect, test } from 'vitest';
import { formatDuration, toLimitHeaders } from './limit-headers.ts';

const NONE = [null, null] as const;

test.each([
  [0, '0s'],
  [-5, '0s'],
  [0.2, '1ms'],
  [20, '20ms'],
  [999, '999ms'],
  [1000, '1s'],
  [7660, '7.66s'],
  [59_999.5, '1m0s'],
  [360_000, '6m0s'],
  [86_450, '1m26.45s'],
  [3_600_000, '1h0m0s'],
  [3_661_001, '1h1m1.001s'],
])('%d ms are written as %s', (durationMs, text) => {
  expect(formatDuration(durationMs)).toBe(text);
});

test('a limit has its three headers, and none where there is no limit', () => {
  const requests = { limit: 60, used: 1, resetMs: 59_000 };
  expect(toLimitHeaders({ kind: 'admitted', uses: { requests: [requests, null], tokens: NONE } })).toEqual([
    'x-ratelimit-limit-requests',
    '60',
    'x-ratelimit-remaining-requests',
    '59',
    'x-ratelimit-reset-requests',
    '59s',
  ]);
});

test('more than the limit leaves 0, and who is refused is told whole seconds to wait', () => {
  const tokens = { limit: 100, used: 130, resetMs: 1200 };
  expect(
    toLimitHeaders({
      kind: 'refused',
      type: 'tokens',
      retryAfterMs: 1200,
      uses: { requests: NONE, tokens: [null, tokens] },
    }),
  ).toEqual([
    'x-ratelimit-limit-tokens',
    '100',
    'x-ratelimit-remaining-tokens',
    '0',
    'x-ratelimit-reset-tokens',
    '1.2s',
    'retry-after',
    '2',
  ]);
});

test('a limit of which nothing is used needs no time to be whole again', () => {
  const tokens = { limit: 100, used: 0, resetMs: 60_000 };
  expect(
    toLimitHeaders({ kind: 'admitted', uses: { requests: NONE, tokens: [null, tokens] } }).slice(4),
  ).toEqual(['x-ratelimit-reset-tokens', '0s']);
});
