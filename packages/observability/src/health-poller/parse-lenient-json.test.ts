import { expect, test } from 'vitest';
import { parseLenientJson } from './parse-lenient-json.ts';

test.each([
  ['{"a": NaN, "b": 1}', { a: null, b: 1 }],
  ['{"a": Infinity, "b": -Infinity}', { a: null, b: null }],
  ['[NaN,NaN,"x"]', [null, null, 'x']],
])('bare numbers that are none are read as null: %s', (text, value) => {
  expect(parseLenientJson(text)).toEqual(value);
});

test('strings that speak of such numbers stay as they are', () => {
  const value = { NaN: 'NaN', 'a"NaN': '\\"Infinity\\', nested: ['-Infinity \\\\'] };
  expect(parseLenientJson(JSON.stringify(value))).toEqual(value);
  expect(parseLenientJson(`[NaN,${JSON.stringify(value)}]`)).toEqual([null, value]);
});

test.each(['', '<html>', '{"a":', 'NaNa', '{"a": Nan}', '{"a": "NaN', '{"a": NaN', 'undefined', '{NaN: 1}'])(
  'what is no JSON is malformed: %s',
  (text) => {
    expect(() => parseLenientJson(text)).toThrow(expect.objectContaining({ reason: 'malformed' }));
  },
);

test('hostile text of a megabyte is read in one go, and nothing of it is in the error', () => {
  for (const part of ['"\\', '\\"', '-', 'NaN"', '[', '{"a":']) {
    const text = `${part.repeat(1_000_000 / part.length)} NaN`;
    expect(() => parseLenientJson(text)).toThrow(/^no JSON$/);
  }
});
