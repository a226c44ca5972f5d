import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { ENDPOINTS, type Endpoint } from './endpoint.ts';
import { decodeBody, readAnswer } from './read-answer.ts';

const [chat, , embeddings] = ENDPOINTS as readonly [Endpoint, Endpoint, Endpoint];

describe('a plain answer', () => {
  test('is handed on as the very bytes that came, with its usage', () => {
    const body = Buffer.from(
      '{ "choices":[{}], "usage":{"prompt_tokens":1,"completion_tokens":2}, "x": 1.50 }',
    );
    expect(readAnswer(chat, body)).toMatchObject({ body, usage: { inputTokens: 1, outputTokens: 2 } });
  });

  test('may be without usage', () => {
    expect(readAnswer(embeddings, Buffer.from('{"data":[{}]}'))).toMatchObject({ usage: null });
  });

  test.each([
    ['<html>busy</html>', 'the answer is not JSON'],
    ['', 'the answer is not JSON'],
    ['{"choices":[{}]', 'the answer is not JSON'],
    ['[{"choices":[{}]}]', 'the answer is not an object'],
    ['null', 'the answer is not an object'],
    ['{}', 'the answer has status 200 and no choices'],
    ['{"choices":[]}', 'the answer has status 200 and no choices'],
    ['{"choices":{}}', 'the answer has status 200 and no choices'],
    ['{"data":[{}]}', 'the answer has status 200 and no choices'],
    ['{"error":{"message":"over"}}', 'the answer has status 200 and an error'],
  ])('is a failure of the provider where it is %s', (text, message) => {
    expect(readAnswer(chat, Buffer.from(text))).toMatchObject({
      outcome: 'provider_error',
      status: 200,
      message,
    });
  });
});

describe('a compression that nobody asked for', () => {
  const body = Buffer.from('{"choices":[{}]}'.padEnd(5000));

  test.each([
    ['gzip', gzipSync(body)],
    ['x-gzip', gzipSync(body)],
    [' GZIP ', gzipSync(body)],
    ['deflate', deflateSync(body)],
    ['br', brotliCompressSync(body)],
  ])('%s is undone', async (encoding, compressed) => {
    expect(await decodeBody(compressed, encoding, 5000)).toEqual(body);
  });

  test.each(['gzip', 'deflate', 'br'])(
    '%s that unpacks to more than the limit is a failure',
    async (name) => {
      const pack = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync }[name] as typeof gzipSync;
      expect(await decodeBody(pack(body), name, 4999)).toMatchObject({ outcome: 'provider_error' });
    },
  );

  test.each(['zstd', 'gzip, br', '', '__proto__'])('%j is a failure', async (encoding) => {
    expect(await decodeBody(body, encoding, 5000)).toMatchObject({ outcome: 'provider_error' });
  });

  test('a body that is not what its header says is a failure', async () => {
    expect(await decodeBody(body, 'gzip', 5000)).toMatchObject({ outcome: 'provider_error' });
    expect(await decodeBody(gzipSync(body).subarray(0, 20), 'gzip', 5000)).toMatchObject({
      outcome: 'provider_error',
    });
  });
});
