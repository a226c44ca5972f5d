// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the syntax of the files that are read here
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Environment, expandEnvironment } from './environment.ts';
import { apiKeyVariable, PRESETS } from './presets.ts';

const root = join(import.meta.dirname, '../../..');

/** The variables that sources outside of tests read by name. */
function variablesOfSources(): readonly string[] {
  const names = ['apps', 'packages'].flatMap((kind) =>
    readdirSync(join(root, kind)).flatMap((room) => {
      const folder = join(root, kind, room, 'src');
      const files = room === 'testkit' ? [] : readdirSync(folder, { recursive: true, encoding: 'utf8' });
      return files
        .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
        .flatMap((file) => [
          ...readFileSync(join(folder, file), 'utf8').matchAll(
            /\b(?:environment|process\.env)\.([A-Z_]+)\b/g,
          ),
        ])
        .map(([, name = '']) => name);
    }),
  );
  return [...new Set([...names, ...Object.keys(PRESETS).map(apiKeyVariable)])].sort();
}

test('the example of an environment holds exactly the variables that are read', () => {
  const example = readFileSync(join(root, '.env.example'), 'utf8');
  const listed = [...example.matchAll(/^#?([A-Z][A-Z_]*)=/gm)].map(([, name]) => name);
  expect(listed.sort()).toEqual(variablesOfSources());
});

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
