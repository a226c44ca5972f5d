import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseQuotaReset, parseRetryAfter } from './retry-after.ts';

const NOW_MS = Date.UTC(2026, 10, 22, 12, 0, 0);

describe('Retry-After', () => {
  test.each([
    ['30', 30_000],
    ['0', 0],
    ['1.5', 1_500],
    [' 7 ', 7_000],
    ['Sun, 22 Nov 2026 12:01:00 GMT', 60_000],
    ['Sunday, 22-Nov-26 12:01:00 GMT', 60_000],
    ['Sun Nov 22 12:01:00 2026', 60_000],
    ['Sun, 22 Nov 2026 11:00:00 GMT', 0],
    ['99999999999999999999', 600_000],
    ['9'.repeat(400), 600_000],
    ['Fri, 31 Dec 9999 23:59:59 GMT', 600_000],
  ])('%j is a wait of %d ms', (value, waitMs) => {
    expect(parseRetryAfter({ 'retry-after': value }, NOW_MS)).toBe(waitMs);
  });

  test.each([
    '',
    '-5',
    '+5',
    '1e3',
    'Infinity',
    'NaN',
    '0x10',
    '5 seconds',
    'soon',
    '2026-11-22T12:01:00Z',
    'Sun, 99 Nov 2026 12:01:00 GMT',
    'Sun, 22 Nov 2026 12:01:00 PST',
    '9'.repeat(100_000),
  ])('%j is not a wait', (value) => {
    expect(parseRetryAfter({ 'retry-after': value }, NOW_MS)).toBeNull();
  });

  test('milliseconds go before seconds, unless they cannot be read', () => {
    expect(parseRetryAfter({ 'retry-after-ms': '250', 'retry-after': '30' }, NOW_MS)).toBe(250);
    expect(parseRetryAfter({ 'retry-after-ms': 'x', 'retry-after': '30' }, NOW_MS)).toBe(30_000);
  });

  test('the first of repeated headers counts, and none is null', () => {
    expect(parseRetryAfter({ 'retry-after': ['3', '9'] }, NOW_MS)).toBe(3_000);
    expect(parseRetryAfter({ 'retry-after': [] }, NOW_MS)).toBeNull();
    expect(parseRetryAfter({}, NOW_MS)).toBeNull();
  });

  test('the bound is the caller’s to set', () => {
    expect(parseRetryAfter({ 'retry-after': '60' }, NOW_MS, 5_000)).toBe(5_000);
  });

  test('any text is null or a whole number of milliseconds within the bound', () => {
    const text = fc.oneof(
      fc.string(),
      fc.double().map(String),
      fc.date().map((date) => date.toUTCString()),
    );
    fc.assert(
      fc.property(text, text, (seconds, ms) => {
        const waitMs = parseRetryAfter({ 'retry-after': seconds, 'retry-after-ms': ms }, NOW_MS, 1_000);
        expect(waitMs === null || (Number.isInteger(waitMs) && waitMs >= 0 && waitMs <= 1_000)).toBe(true);
      }),
    );
  });
});

describe('a used-up quota', () => {
  const headers = (remaining: string, reset: string): Record<string, string> => ({
    'x-ratelimit-remaining-requests': remaining,
    'x-ratelimit-reset-requests': reset,
  });

  test.each([
    ['6m0s', 360_000],
    ['1h2m3.5s', 600_000],
    ['20ms', 20],
    ['2m59.56s', 179_560],
  ])('that resets in %s takes %d ms', (reset, waitMs) => {
    expect(parseQuotaReset(headers('0', reset))).toBe(waitMs);
  });

  test.each(['', '60', '-1s', '1x', 's', '1s later', 'x1s'])(
    'that resets in %j is not understood',
    (reset) => {
      expect(parseQuotaReset(headers('0', reset))).toBeNull();
    },
  );

  test('is not used up while something remains', () => {
    expect(parseQuotaReset(headers('3', '6m0s'))).toBeNull();
    expect(parseQuotaReset({})).toBeNull();
  });

  test('of both requests and tokens takes the longer wait', () => {
    const both = {
      ...headers('0', '1s'),
      'x-ratelimit-remaining-tokens': '0',
      'x-ratelimit-reset-tokens': '3s',
    };
    expect(parseQuotaReset(both)).toBe(3_000);
  });
});
