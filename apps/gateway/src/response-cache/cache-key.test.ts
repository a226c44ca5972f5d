import { expect, test } from 'vitest';
import { type CacheableRequest, type CacheScope, toCacheKey } from './cache-key.ts';

const ann = { keyId: 'laptop', userId: 'ann' };
const body = { model: 'small', messages: [{ role: 'user', content: 'Hi' }], temperature: 0.5 };

function keyOf(request: Partial<CacheableRequest> = {}, scope: CacheScope = 'key'): string | null {
  const plain = { caller: ann, endpoint: '/v1/chat/completions', route: 'small', stream: false, body };
  return toCacheKey({ ...plain, ...request }, scope);
}

const read = (json: string): Record<string, unknown> => JSON.parse(json) as Record<string, unknown>;

test('the same request has the same name, in whatever order it is written', () => {
  const other = { temperature: 0.5, messages: [{ content: 'Hi', role: 'user' }], model: 'small' };
  expect(keyOf({ body: other })).toBe(keyOf());
  expect(keyOf({ body: { ...body, stream: false } })).toBe(keyOf());
  expect(keyOf({ body: { ...body, stream: null } })).toBe(keyOf());
  expect(keyOf({ body: read('{"model":"a","n":1.0}') })).toBe(keyOf({ body: read('{"n":1,"model":"a"}') }));
});

test.each([
  ['another word', { body: { ...body, messages: [{ role: 'user', content: 'hi' }] } }],
  ['another number', { body: { ...body, temperature: 0.6 } }],
  ['a number as a string', { body: { ...body, temperature: '0.5' } }],
  ['null in place of nothing', { body: { ...body, seed: null } }],
  ['items in another order', { body: { ...body, stop: ['b', 'a'] } }],
  ['a field named __proto__', { body: read('{"__proto__":{"model":"small"}}') }],
  ['another endpoint', { endpoint: '/v1/completions' }],
  ['another route', { route: 'large' }],
  ['another key', { caller: { ...ann, keyId: 'phone' } }],
])('%s makes another name', (_, change) => {
  expect(keyOf(change)).not.toBe(keyOf());
  expect(keyOf(change)).not.toBeNull();
});

test('strings that look like the parts of others do not run into each other', () => {
  const names = [
    { stop: ['a', 'b'] },
    { stop: ['a,b'] },
    { stop: ['a","b'] },
    { stop: '["a","b"]' },
    { stop: { a: 'b' } },
  ].map((part) => keyOf({ body: { ...body, ...part } }));
  expect(new Set(names).size).toBe(names.length);
});

test('what is streamed, or could have been read inexactly, has no name', () => {
  expect(keyOf({ stream: true })).toBeNull();
  expect(keyOf({ body: read('{"seed":9007199254740993}') })).toBeNull();
  expect(keyOf({ body: read('{"seed":[{"x":1e999}]}') })).toBeNull();
});

test('keys share names only where the scope says so', () => {
  const phone = { caller: { ...ann, keyId: 'phone' } };
  const bob = { caller: { keyId: 'server', userId: 'bob' } };
  expect(keyOf(phone, 'user')).toBe(keyOf({}, 'user'));
  expect(keyOf(bob, 'user')).not.toBe(keyOf({}, 'user'));
  expect(keyOf(bob, 'all')).toBe(keyOf({}, 'all'));
  // Keys of the configuration belong to nobody, and are no family.
  const [first, second] = ['configured:0', 'configured:1'].map((keyId) => ({
    caller: { keyId, userId: '' },
  }));
  expect(keyOf(first, 'user')).not.toBe(keyOf(second, 'user'));
  // A key that is named like a user is not that user.
  expect(keyOf({ caller: { keyId: 'ann', userId: '' } }, 'user')).not.toBe(keyOf({}, 'user'));
});
