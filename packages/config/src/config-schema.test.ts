import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { isModelName, parseConfigFile } from './config-schema.ts';
import { PRESETS } from './presets.ts';

const page = readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8');

/** Documented key → documented default; null where it has none. */
const documented = new Map(
  [...page.matchAll(/^\| `([\w.]+)` \|.*?\| (?:`([^`]*)`|–) \|[^|]*\|$/gm)].map(([, key = '', fallback]) => [
    key,
    fallback === undefined ? null : (JSON.parse(fallback) as unknown),
  ]),
);

/** Every value at its place, as `a.b.c`. */
function flatten(value: unknown, path = ''): readonly (readonly [string, unknown])[] {
  const isBranch = value !== null && typeof value === 'object' && Object.keys(value).length > 0;
  if (!isBranch || Array.isArray(value)) return [[path, value]];
  return Object.entries(value).flatMap(([key, item]) => flatten(item, path === '' ? key : `${path}.${key}`));
}

/** What a file leaves out; what is null then has no default. */
function defaultsOf(file: unknown): readonly (readonly [string, unknown])[] {
  return flatten(parseConfigFile(file).data).filter(([, value]) => value !== null);
}

/** A file with nothing in it but this value at this place. */
function fileWith(path: string, value: unknown): unknown {
  return path.split('.').reduceRight((inner, key) => ({ [key]: inner }), value);
}

test.each([
  ['ledger.creditsPerUsd', 10_000, 10_001],
  ['ledger.unpriced', 'allow', 'free'],
  ['providers.p.prices.m', prices(1_000_000), prices(1_000_001)],
  ['providers.p.prices.m', prices(0), prices(-1)],
])('%s may be %j, and not %j', (path, good, bad) => {
  expect(parseConfigFile(fileWith(path, good)).success).toBe(true);
  expect(parseConfigFile(fileWith(path, bad)).success).toBe(false);
});

function prices(usd: number): object {
  return { inputUsdPerMillion: usd, outputUsdPerMillion: usd };
}

describe('the page on configuration', () => {
  const ofNothing = defaultsOf({});
  const targets = [{ provider: 'p', model: 'm' }];
  const ofNames = defaultsOf({ providers: { NAME: {} }, models: { NAME: { targets } } });

  test('tells the default of every key that has one', () => {
    const defaults = new Map([...ofNothing, ...ofNames.filter(([key]) => key !== 'models.NAME.targets')]);
    const withDefault = [...documented].filter(([, fallback]) => fallback !== null);
    expect(Object.fromEntries(withDefault)).toEqual(Object.fromEntries(defaults));
  });

  test.each([...documented.keys()])('names with %s a key that the file may have', (key) => {
    const none = Symbol('of no type');
    // Which keys there are beside the mode depends on the mode.
    const file = key === 'auth.keys' ? { auth: { mode: 'keys', keys: none } } : fileWith(key, none);
    const { error } = parseConfigFile(file);
    const issues = error?.issues ?? [];
    expect(issues.filter(({ code }) => code === 'unrecognized_keys')).toEqual([]);
    expect(issues.some(({ path }) => key.startsWith(path.join('.')) && path.length > 0)).toBe(true);
  });

  test('names every preset', () => {
    expect(/Presets: ([\w, ]+)\./.exec(page)?.[1]).toBe(Object.keys(PRESETS).join(', '));
  });

  test('shows a file that is accepted', () => {
    const example = /```yaml\n(.*?)```/s.exec(page)?.[1] ?? '';
    const content: unknown = parse(example);
    expect(Object.keys(content as object)).toEqual(['server', 'auth', 'providers', 'models']);
    expect(parseConfigFile(content).error?.issues).toBeUndefined();
  });
});

describe('names of models', () => {
  test.each(['gpt-4o', 'meta-llama/Llama-3.3-70B', 'a:free', '@cf/x', 'o1 mini', 'm'.repeat(256)])(
    'may be %j',
    (name) => {
      expect(isModelName(name)).toBe(true);
    },
  );

  test.each(['', ' a', 'a\n', 'a"', 'a\\', 'a{', 'modèle', 'm'.repeat(257), 'a\r\nb'])(
    'may not be %j',
    (name) => {
      expect(isModelName(name)).toBe(false);
    },
  );
});
