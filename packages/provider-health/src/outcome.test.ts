import { expect, test } from 'vitest';
import { classifyStatus, countsAgainstProvider, OUTCOMES, type Outcome, verdictOf } from './outcome.ts';

test('only provider errors, timeouts and network failures count against a provider', () => {
  expect(OUTCOMES.filter(countsAgainstProvider)).toEqual(['provider_error', 'timeout', 'network']);
});

test('only a success is a success, and the other outcomes say nothing of the provider', () => {
  expect(OUTCOMES.filter((outcome) => verdictOf(outcome) === 'success')).toEqual(['success']);
  expect(OUTCOMES.filter((outcome) => verdictOf(outcome) === 'neutral')).toEqual([
    'caller',
    'rate_limited',
    'credentials',
    'client_closed',
    'gateway',
  ]);
});

test.each<[Outcome, readonly number[]]>([
  ['success', [200, 201, 204, 299]],
  ['caller', [400, 404, 405, 409, 413, 415, 418, 422, 431, 451, 499]],
  ['rate_limited', [429]],
  ['credentials', [401, 402, 403]],
  ['provider_error', [408, 500, 502, 503, 504, 529, 599]],
])('the outcome %s is that of the statuses %j', (outcome, statuses) => {
  expect(statuses.map(classifyStatus)).toEqual(statuses.map(() => outcome));
});

test('a redirect, an interim status and nonsense are the provider’s failure', () => {
  for (const status of [301, 302, 307, 304, 100, 0, -1, 600, 999, Number.NaN]) {
    expect(classifyStatus(status)).toBe('provider_error');
  }
});
