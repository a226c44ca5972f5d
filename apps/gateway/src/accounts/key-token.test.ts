import { expect, test } from 'vitest';
import { createKeyToken, isKeyToken, toKeyHash } from './key-token.ts';

const pepper = Buffer.alloc(32, 1);

test('a key is one of its kind, and found under the hash that is kept', () => {
  const { token, hash, prefix, lastFour } = createKeyToken(pepper);
  expect(token).toMatch(/^gz_live_[\w-]{51}$/);
  expect(isKeyToken(token)).toBe(true);
  expect(token.startsWith(prefix)).toBe(true);
  expect(token.endsWith(lastFour)).toBe(true);
  expect(lastFour).toHaveLength(4);
  expect(hash).toMatch(/^[0-9a-f]{64}$/);
  expect(toKeyHash(token, pepper)).toBe(hash);
});

test('no two keys are alike', () => {
  const tokens = Array.from({ length: 200 }, () => createKeyToken(pepper).token);
  expect(new Set(tokens).size).toBe(200);
});

test('any character changed makes it another text that no look-up is needed for', () => {
  const { token } = createKeyToken(pepper);
  for (let index = 'gz_live_'.length; index < token.length; index += 1) {
    const other = token[index] === 'A' ? 'B' : 'A';
    expect(toKeyHash(token.slice(0, index) + other + token.slice(index + 1), pepper)).toBeNull();
  }
});

test('with another pepper a key is none', () => {
  expect(toKeyHash(createKeyToken(pepper).token, Buffer.alloc(32, 2))).toBeNull();
});

test.each([
  '',
  'gz_live_',
  'sk-123',
  `gz_live_${'a'.repeat(50)}`,
  `gz_live_${'a'.repeat(52)}`,
  `gz_live_${'a'.repeat(50)}\n`,
  `gz_live_${'a'.repeat(51)}\n`,
  `gz_live_${'é'.repeat(51)}`,
  `GZ_LIVE_${'a'.repeat(51)}`,
  `gz_live_${"' or 1=1 --".padEnd(51, 'a')}`,
])('%j has not the form of a key', (text) => {
  expect(isKeyToken(text)).toBe(false);
});
