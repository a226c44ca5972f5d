import { expect, test } from 'vitest';
import { asksToWait, type Failure, failure, isPassing, mayTryElsewhere } from './failure.ts';

const said = (code: string): Failure['said'] => ({ message: 'no', type: null, param: null, code });

test.each([
  [failure('network', '', { code: 'ECONNRESET' }), true],
  [failure('network', '', { code: 'EPIPE' }), true],
  [failure('network', '', { code: 'UND_ERR_SOCKET' }), true],
  [failure('network', '', { code: 'ECONNREFUSED' }), false],
  [failure('network', '', { code: 'ENOTFOUND' }), false],
  [failure('network', ''), false],
  [failure('provider_error', '', { status: 500 }), true],
  [failure('provider_error', '', { status: 502 }), false],
  [failure('provider_error', '', { status: 200 }), false],
  [failure('timeout', '', { phase: 'connect', code: 'ETIMEDOUT' }), false],
])('%j may pass at once: %s', (failed, expected) => {
  expect(isPassing(failed)).toBe(expected);
});

test.each([
  [failure('caller', '', { status: 400 }), false],
  [failure('caller', '', { status: 422 }), false],
  [failure('caller', '', { status: 404 }), true],
  [failure('caller', '', { status: 413 }), true],
  [failure('caller', '', { status: 400, said: said('context_length_exceeded') }), true],
  [failure('caller', '', { status: 400, said: said('content_filter') }), false],
  [failure('client_closed', ''), false],
  [failure('gateway', ''), false],
  [failure('rate_limited', ''), true],
  [failure('credentials', ''), true],
  [failure('provider_error', ''), true],
  [failure('timeout', ''), true],
  [failure('network', ''), true],
])('%j may be tried elsewhere: %s', (failed, expected) => {
  expect(mayTryElsewhere(failed)).toBe(expected);
});

test.each([
  ['rate_limited', true],
  ['provider_error', true],
  ['caller', false],
  ['credentials', false],
  ['timeout', false],
  ['network', false],
  ['client_closed', false],
  ['gateway', false],
] as const)('a wait helps after %s: %s', (outcome, expected) => {
  expect(asksToWait(failure(outcome, '', { retryAfterMs: 1 }))).toBe(expected);
});
