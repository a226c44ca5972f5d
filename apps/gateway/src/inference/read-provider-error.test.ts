import { describe, expect, test } from 'vitest';
import type { Provider } from '../providers/provider.ts';
import type { Failure } from './failure.ts';
import { readErrorBody, readProviderError } from './read-provider-error.ts';

const secret = 'sk-canary-0123456789';

function read(status: number, body: unknown = {}, headers: Record<string, string> = {}): Failure {
  const provider = { name: 'primary', secret } as Provider;
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return readProviderError(provider, status, headers, bytes);
}

describe('the outcome of a refusal', () => {
  test.each([
    [400, 'caller'],
    [404, 'caller'],
    [413, 'caller'],
    [422, 'caller'],
    [401, 'credentials'],
    [402, 'credentials'],
    [403, 'credentials'],
    [429, 'rate_limited'],
    [408, 'provider_error'],
    [500, 'provider_error'],
    [503, 'provider_error'],
    [302, 'provider_error'],
  ])('with status %i is %s', (status, outcome) => {
    expect(read(status)).toMatchObject({ outcome, status, message: `primary answered ${status}` });
  });

  test.each([
    [{ 'retry-after': '7' }, 7000],
    [{ 'retry-after-ms': '250' }, 250],
    [{ 'retry-after': '-5' }, null],
    [{ 'retry-after': 'soon' }, null],
    [{ 'retry-after': '99999999999' }, 3_600_000],
    [{ 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '6m0s' }, 360_000],
    [{ 'x-ratelimit-remaining-tokens': '7', 'x-ratelimit-reset-tokens': '6m0s' }, null],
    [{ 'retry-after': '7', 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '6m0s' }, 7000],
    [{}, null],
  ])('knows from %j how long to wait: %j', (headers, retryAfterMs) => {
    expect(read(429, {}, headers as Record<string, string>).retryAfterMs).toBe(retryAfterMs);
  });
});

describe('what a provider said', () => {
  test.each([
    [{ error: { message: 'no', type: 't', param: 'p', code: 'c' } }, ['no', 't', 'p', 'c']],
    [{ error: { message: 'no', code: 404 } }, ['no', null, null, '404']],
    [{ error: 'no' }, ['no', null, null, null]],
    [{ message: 'no', code: 'c' }, ['no', null, null, 'c']],
    [{ detail: 'no' }, ['no', null, null, null]],
    [{ error: true, message: 'no' }, ['no', null, null, null]],
    ['"no"', ['no', null, null, null]],
  ])('is found in %j', (body, [message, type, param, code]) => {
    expect(read(400, body).said).toEqual({ message, type, param, code });
  });

  test.each(['<html>', '', '[]', '12', 'null', '{"detail":[{"msg":"no"}]}', '{"error":{}}'])(
    'is not guessed from %s',
    (body) => {
      expect(read(400, body).said).toBeNull();
    },
  );

  test('holds no key of ours, wherever the provider echoes it', () => {
    const said = read(401, {
      error: { message: `Bad key ${secret}, ${secret}`, type: secret, param: secret, code: secret },
    });
    expect(JSON.stringify(said)).not.toContain(secret);
    expect(said.said?.message).toBe('Bad key [redacted], [redacted]');
  });

  test('a key at the edge of the length limit does not show its beginning', () => {
    const message = 'x'.repeat(995) + secret;
    expect(read(401, { error: { message } }).said?.message).not.toContain(secret.slice(0, 4));
  });

  test('is one short line', () => {
    const { said } = read(400, { error: { message: `a\r\nb\u0000c\u001b[31m${'x'.repeat(5000)}` } });
    expect(said?.message).toMatch(/^a b c \[31mx+$/);
    expect(said?.message.length).toBeLessThanOrEqual(1000);
  });

  test('a body nested beyond any sense says nothing', () => {
    const depth = 200_000;
    const body = Buffer.from(`${'{"error":'.repeat(depth)}"no"${'}'.repeat(depth)}`);
    expect(() => readErrorBody(body, null)).not.toThrow();
  });
});
