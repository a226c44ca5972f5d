import { expect, test } from 'vitest';
import { ApiError, invalidRequest, toErrorBody, toErrorDetails } from './api-error.ts';

test('a known error says what it is', () => {
  const details = { status: 429, type: 'rate_limit_error', code: 'slow_down', message: 'Slower.' } as const;
  const error = new ApiError(details, { cause: 'why' });
  expect(error).toMatchObject({ message: 'Slower.', cause: 'why' });
  expect(toErrorDetails(error)).toEqual(details);
});

test.each([new Error('password=1'), 'password=1', null, { message: 'password=1' }])(
  'an unknown error is a plain 500 that tells nothing of it: %j',
  (error) => {
    const details = toErrorDetails(error);
    expect(details).toMatchObject({ status: 500, code: 'internal_error' });
    expect(JSON.stringify(details)).not.toContain('password');
  },
);

test('the body is of the shape of OpenAI, with the id of the request', () => {
  const details = invalidRequest('No "model".', { param: 'model' }).details;
  expect(JSON.parse(toErrorBody(details, 'id-1'))).toEqual({
    error: {
      message: 'No "model".',
      type: 'invalid_request_error',
      param: 'model',
      code: 'invalid_request',
      request_id: 'id-1',
    },
  });
});

test('a parameter that is not at fault is null, and the time to wait stays out of the body', () => {
  const details = {
    status: 503,
    type: 'overloaded_error',
    code: 'c',
    message: 'm',
    retryAfterSeconds: 5,
  } as const;
  expect(JSON.parse(toErrorBody(details, 'id')).error).toEqual({
    message: 'm',
    type: 'overloaded_error',
    param: null,
    code: 'c',
    request_id: 'id',
  });
});

test('a request that cannot be served is 400 unless another status says it better', () => {
  expect(invalidRequest('no').details.status).toBe(400);
  expect(invalidRequest('no', { status: 413, code: 'big' }).details).toMatchObject({
    status: 413,
    code: 'big',
  });
});
