import { expect, it } from 'vitest';
import { createNameReader } from './field-name.ts';

const read = createNameReader((text) => text.replaceAll('canary', 'x'));

it.each([
  'authorization',
  'Authorization',
  'proxy-authorization',
  'apiKey',
  'api_key',
  'x-api-key',
  'APIKey',
  'cookie',
  'set-cookie',
  'token',
  'accessToken',
  'db_password',
  'client_secret',
  'privateKey',
])('takes %s for a key', (name) => {
  expect(read(name).kind).toBe('key');
});

it.each([
  'messages',
  'prompt',
  'system_prompt',
  'completion',
  'content',
  'inputText',
  'request_body',
  'output',
])('takes %s for a body', (name) => {
  expect(read(name).kind).toBe('body');
});

it.each([
  'message_id',
  'model',
  'keyboard',
  'monkey',
  'content_type',
  'token_type',
  'completion_id',
  'key_count',
])('takes %s for a plain field', (name) => {
  expect(read(name).kind).toBe('plain');
});

it.each(['prompt_tokens', 'tokens', 'body_bytes', 'inputTokens', 'completion_cost_usd'])(
  'takes %s for a count',
  (name) => {
    expect(read(name).isCount).toBe(true);
  },
);

it('renames what every line has already, and what no key may be', () => {
  expect(read('level').name).toBe('field_level');
  expect(read('__proto__').name).toBe('field___proto__');
  expect(read('a b="c"\n').name).toBe('a_b__c__');
  expect(read('').name).toBe('_');
  expect(read('n'.repeat(1_000)).name).toHaveLength(64);
  expect(read('canary-name').name).toBe('x-name');
});
