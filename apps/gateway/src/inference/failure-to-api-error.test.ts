import { describe, expect, test } from 'vitest';
import { failure } from './failure.ts';
import { noTargetError, toApiError } from './failure-to-api-error.ts';

describe('what a client is told', () => {
  test.each([
    ['caller', { status: 422 }, 422, 'invalid_request'],
    ['caller', {}, 400, 'invalid_request'],
    ['rate_limited', { status: 429 }, 429, 'provider_rate_limited'],
    ['credentials', { status: 401 }, 502, 'provider_credentials'],
    ['provider_error', { status: 500 }, 502, 'provider_error'],
    ['timeout', { phase: 'connect' }, 504, 'connect_timeout'],
    ['timeout', { phase: 'first_token' }, 504, 'first_token_timeout'],
    ['timeout', { phase: 'idle' }, 504, 'idle_timeout'],
    ['timeout', {}, 504, 'total_timeout'],
    ['network', { code: 'ECONNREFUSED' }, 502, 'provider_unreachable'],
    ['client_closed', {}, 499, 'client_closed'],
    ['gateway', {}, 500, 'internal_error'],
  ] as const)('after %s with %j has the status %d and the code %s', (outcome, more, status, code) => {
    expect(toApiError(failure(outcome, 'detail', more))).toMatchObject({ status, code });
  });

  test('of its own mistake is what the provider said', () => {
    const said = { message: 'temperature is too high', type: null, param: 'temperature', code: 'bad_value' };
    expect(toApiError(failure('caller', 'detail', { status: 400, said }))).toMatchObject({
      message: 'temperature is too high',
      param: 'temperature',
      code: 'bad_value',
    });
  });

  test('of refused credentials is nothing that the provider said of them', () => {
    const said = { message: 'key sk-... of account 7 is wrong', type: null, param: null, code: null };
    expect(toApiError(failure('credentials', 'a answered 401', { said })).message).not.toContain('account 7');
  });
});

describe('when it may come again', () => {
  const failed = failure('provider_error', 'detail', { status: 500 });

  test.each([
    [1, 1],
    [0, 1],
    [29_500, 30],
    [Number.POSITIVE_INFINITY, 60],
  ])('is told with 503 where no target may be called for %d ms: in %d s', (opensInMs, retryAfterSeconds) => {
    const details = { status: 503, type: 'overloaded_error', code: 'provider_error', retryAfterSeconds };
    expect(toApiError(failed, opensInMs)).toMatchObject(details);
  });

  test('is not told where a target may be called now', () => {
    expect(toApiError(failed, null)).toMatchObject({ status: 502, retryAfterSeconds: null });
  });

  test('changes nothing about a mistake of the caller', () => {
    expect(toApiError(failure('caller', '', { status: 400 }), 1000)).toMatchObject({ status: 400 });
  });

  test('is what a limiting provider said, rounded up', () => {
    const limited = failure('rate_limited', '', { status: 429, retryAfterMs: 1200 });
    expect(toApiError(limited, 5000)).toMatchObject({ status: 429, retryAfterSeconds: 2 });
  });

  test('is told where an operator took every target out', () => {
    expect(noTargetError()).toMatchObject({
      status: 503,
      code: 'no_target_available',
      retryAfterSeconds: 60,
    });
  });
});
