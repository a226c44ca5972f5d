import { describe, expect, test } from 'vitest';
import { createClientKeys, readBearerToken } from './client-keys.ts';

describe('client keys', () => {
  const keys = createClientKeys(['first-key', 'second-key', 'k', 'schlüssel']);

  test.each([
    ['first-key', 0],
    ['second-key', 1],
    ['k', 2],
    ['schlüssel', 3],
  ])('%s is found in its place', (key, index) => {
    expect(keys.indexOf(key)).toBe(index);
  });

  test.each([
    '',
    'first-ke',
    'first-key ',
    'first-key\0',
    'FIRST-KEY',
    'first-keysecond-key',
    'kk',
    'schlussel',
  ])('%j is none of them', (key) => {
    expect(keys.indexOf(key)).toBe(-1);
  });

  test('one key leaves nothing behind that makes the next one right', () => {
    expect(keys.indexOf('first-key-and-more')).toBe(-1);
    expect(keys.indexOf('first-key')).toBe(0);
    expect(keys.indexOf('first')).toBe(-1);
  });

  test('a key beyond any length is none of them, whatever its beginning', () => {
    expect(keys.indexOf('first-key'.padEnd(100_000))).toBe(-1);
    expect(keys.indexOf('ü'.repeat(100_000))).toBe(-1);
  });

  test('where there are none, nothing is found', () => {
    expect(createClientKeys([]).indexOf('')).toBe(-1);
  });

  test('each has a fingerprint that is its own, wherever it stands, and in which it cannot be read', () => {
    const [first, second] = keys.fingerprints;
    expect(new Set(keys.fingerprints).size).toBe(4);
    for (const one of keys.fingerprints) expect(one).toMatch(/^[\da-f]{12}$/);
    expect(createClientKeys(['second-key', 'new-key', 'first-key']).fingerprints).toEqual([
      second,
      expect.any(String),
      first,
    ]);
  });

  test('a configured key that does not fit is refused at once', () => {
    expect(createClientKeys(['x'.repeat(510)]).indexOf('x'.repeat(510))).toBe(0);
    expect(() => createClientKeys(['x'.repeat(511)])).toThrow(RangeError);
    expect(() => createClientKeys(['ü'.repeat(256)])).toThrow(RangeError);
  });
});

describe('the bearer token of a header', () => {
  test.each([
    ['Bearer abc', 'abc'],
    ['bearer abc', 'abc'],
    ['BEARER  abc ', 'abc'],
    ['Bearer a b', 'a b'],
  ])('%j is %j', (header, token) => {
    expect(readBearerToken(header)).toBe(token);
  });

  test.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    'abc',
    'Basic abcdef',
    'Bearerabc',
    `Bearer ${'x'.repeat(5000)}`,
  ])('%j holds none', (header) => {
    expect(readBearerToken(header)).toBeNull();
  });
});
