import { describe, expect, test } from 'vitest';
import { type Environment, expandEnvironment } from './environment.ts';

function expand(value: unknown, environment: Environment = {}): { value: unknown; missing: unknown[] } {
  const missing: unknown[] = [];
  const expanded = expandEnvironment(value, environment, (path, variable) => missing.push([path, variable]));
  return { value: expanded, missing };
}

describe('variables in a file', () => {
  test.each([
    ['${KEY}', 'secret'],
    ['Bearer ${KEY}/${ID}', 'Bearer secret/7'],
    ['${NONE:-fallback}', 'fallback'],
    ['${NONE:-}', ''],
    ['${EMPTY:-fallback}', 'fallback'],
    ['${KEY:-fallback}', 'secret'],
    ['$KEY {KEY} $${', '$KEY {KEY} $${'],
  ])('%s becomes %j', (text, expected) => {
    const { value, missing } = expand(text, { KEY: 'secret', ID: '7', EMPTY: '' });
    expect(value).toBe(expected);
    expect(missing).toEqual([]);
  });

  test('are put in at every depth, and nothing but strings is touched', () => {
    const file = { a: [{ b: '${KEY}' }, 1, null, true], '${KEY}': 2 };
    expect(expand(file, { KEY: 'v' }).value).toEqual({ a: [{ b: 'v' }, 1, null, true], '${KEY}': 2 });
  });

  test('are not looked for in what a variable holds', () => {
    expect(expand('${A}', { A: '${B}', B: 'no' }).value).toBe('${B}');
  });

  test('that are not set are reported, each with its place', () => {
    expect(expand({ a: ['x', '${NO}-${NEITHER}'] }, {}).missing).toEqual([
      [['a', 1], 'NO'],
      [['a', 1], 'NEITHER'],
    ]);
  });
});
