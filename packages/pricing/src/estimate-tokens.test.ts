import { expect, test } from 'vitest';
import { loadTokenizer } from './estimate-tokens.ts';

const count = await loadTokenizer();

test('counts as the tokenizer of current models does', () => {
  expect(count('')).toBe(0);
  expect(count('Hello, world!')).toBe(4);
  expect(count('Ünïcödé 漢字 🙂')).toBeGreaterThan(4);
});

test('a text that looks like a special token, or is half a surrogate pair, is counted as text', () => {
  expect(count('a<|endoftext|>b')).toBe(9);
  expect(count('\ud800')).toBeGreaterThan(0);
});

test('a long text is counted by its first part, in pieces', () => {
  const words = 'lorem ipsum dolor sit amet '.repeat(20_000);
  const whole = count(words.slice(0, 27_000)) * 20;
  expect(Math.abs(count(words) / whole - 1)).toBeLessThan(0.02);
  expect(count('a'.repeat(1_000_000))).toBe(125_000);
});
