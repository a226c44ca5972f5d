import { expect, test } from 'vitest';
import { readSelector } from './read-selector.ts';

test.each(['', 'env="production"', ' env = "a" , region =~ "eu-.*" ', 'a!="b",c!~"d|e"', 'a="\\"\\\\"'])(
  'the selector «%s» is taken',
  (text) => {
    expect(readSelector(text)).toBe(text.trim());
  },
);

test.each([
  'env',
  'env=production',
  'env="a" or up',
  'env="a"}',
  '{env="a"}',
  'env="a",',
  'a="b" c="d"',
  'a="b',
  'a="\\x"',
])('the selector «%s» is refused', (text) => {
  expect(() => readSelector(text)).toThrow(TypeError);
});
