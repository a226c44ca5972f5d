import { describe, expect, test } from 'vitest';
import { ApiError, type ApiErrorDetails } from '../http/api-error.ts';
import { ENDPOINTS, type Endpoint } from './endpoint.ts';
import { readInferenceRequest } from './inference-request.ts';

const [chat, completions, embeddings] = ENDPOINTS as readonly [Endpoint, Endpoint, Endpoint];
const message = { role: 'user', content: 'hi' };

function refusal(endpoint: Endpoint, body: string | Buffer | undefined): ApiErrorDetails {
  try {
    readInferenceRequest(endpoint, typeof body === 'string' ? Buffer.from(body) : body);
  } catch (error) {
    if (error instanceof ApiError) return error.details;
    throw error;
  }
  throw new Error('the body was accepted');
}

function refusalOf(endpoint: Endpoint, fields: object): ApiErrorDetails {
  return refusal(endpoint, JSON.stringify(fields));
}

describe('a body that is no JSON object', () => {
  test.each([
    ['no body', undefined, 'The request has no body.'],
    ['an empty body', '', 'The request has no body.'],
    ['a list', '[1]', 'The body must be a JSON object.'],
    ['cut JSON', '{"model":"a"', 'The body is not valid JSON.'],
    ['a trailing comma', '{"model":"a",}', 'The body is not valid JSON.'],
    ['NaN', '{"model":"a","messages":[{}],"x":NaN}', 'The body is not valid JSON.'],
    ['something behind the object', '{"model":"a"} {}', 'The body is not valid JSON.'],
    ['a field twice', '{"model":"a","model":"b"}', 'The body has a field twice.'],
    ['too many levels', `{"a":${'['.repeat(500)}`, 'The body is nested deeper than 200 levels.'],
  ])('is refused with 400: %s', (_, body, text) => {
    expect(refusal(chat, body)).toMatchObject({
      status: 400,
      type: 'invalid_request_error',
      message: text,
    });
  });

  test('is refused where it is not UTF-8', () => {
    const body = Buffer.concat([Buffer.from('{"model":"a'), Buffer.from([0xff]), Buffer.from('"}')]);
    expect(refusal(chat, body).message).toBe('The body is not valid UTF-8.');
  });
});

describe('a field of a wrong type', () => {
  test.each([undefined, null, 1, '', ['a'], { a: 1 }, 'a'.repeat(257)])(
    'is named where the model is %j',
    (model) => {
      expect(refusalOf(chat, { model, messages: [message] })).toMatchObject({ status: 400, param: 'model' });
    },
  );

  test.each([1, 'true', {}])('is named where stream is %j', (stream) => {
    expect(refusalOf(chat, { model: 'a', messages: [message], stream })).toMatchObject({ param: 'stream' });
  });

  test.each([1, true, 'a', []])('is named where stream_options is %j', (options) => {
    const body = { model: 'a', messages: [message], stream: true, stream_options: options };
    expect(refusalOf(chat, body)).toMatchObject({ param: 'stream_options' });
  });

  test.each([undefined, null, [], 'hi', [1], ['hi'], [message, null]])(
    'is named where messages is %j',
    (messages) => {
      expect(refusalOf(chat, { model: 'a', messages })).toMatchObject({ param: 'messages' });
    },
  );

  test.each([undefined, null, [], 1, [{}]])('is named where prompt or input is %j', (value) => {
    expect(refusalOf(completions, { model: 'a', prompt: value })).toMatchObject({ param: 'prompt' });
    expect(refusalOf(embeddings, { model: 'a', input: value })).toMatchObject({ param: 'input' });
  });

  test('is named where an endpoint that cannot stream is asked to', () => {
    expect(refusalOf(embeddings, { model: 'a', input: 'hi', stream: true })).toMatchObject({
      param: 'stream',
    });
  });
});

describe('a request that is in order', () => {
  const read = (endpoint: Endpoint, fields: object): ReturnType<typeof readInferenceRequest> =>
    readInferenceRequest(endpoint, Buffer.from(JSON.stringify(fields)));

  test('is plain unless it asks for a stream', () => {
    expect(read(chat, { model: 'a', messages: [message] })).toMatchObject({ stream: false, model: 'a' });
    expect(read(chat, { model: 'a', messages: [message], stream: null }).stream).toBe(false);
    expect(read(chat, { model: 'a', messages: [message], stream: true }).stream).toBe(true);
  });

  test.each([
    [undefined, false],
    [null, false],
    [{}, false],
    [{ include_usage: false }, false],
    [{ include_usage: 'yes' }, false],
    [{ include_usage: true }, true],
  ])('with stream options %j wants a usage chunk: %j', (options, wantsUsage) => {
    const body = { model: 'a', messages: [message], stream: true, stream_options: options };
    expect(read(chat, body).wantsUsage).toBe(wantsUsage);
  });

  test.each(['hi', ['hi', 'ho'], [1, 2], [[1], [2]]])('may hold the text %j', (text) => {
    expect(read(completions, { model: 'a', prompt: text }).model).toBe('a');
    expect(read(embeddings, { model: 'a', input: text }).model).toBe('a');
  });

  test('leaves the prototype of objects alone', () => {
    const body = '{"model":"a","messages":[{}],"__proto__":{"polluted":true}}';
    readInferenceRequest(chat, Buffer.from(body));
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});
