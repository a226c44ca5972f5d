import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../../..');
const page = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
const names = (list: string): readonly string[] =>
  list
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);

test('the import table of the page is the one that is enforced', () => {
  const script = readFileSync(join(root, 'scripts/check-rooms.ts'), 'utf8');
  const enforced = [...script.matchAll(/^ {2}'((?:packages|apps)\/[\w-]+)': \[([^\]]*)\],$/gm)].map(
    ([, room = '', allowed = '']) => [room, names(allowed.replaceAll("'", ''))],
  );
  const shown = [...page.matchAll(/^\| `?((?:packages|apps)\/[\w-]+)`?[^|]*\| ([^|]*) \|$/gm)].map(
    ([, room = '', allowed = '']) => [room, allowed.startsWith('nothing of ours') ? [] : names(allowed)],
  );
  expect(enforced.length).toBeGreaterThan(4);
  expect(Object.fromEntries(shown)).toEqual(Object.fromEntries(enforced));
});

test('every file that the page names is there', () => {
  const cited = [...page.matchAll(/`([\w./-]+\.ts)`/g)].map(([, path = '']) => path);
  expect(cited.length).toBeGreaterThan(30);
  const places = (path: string): readonly string[] => [join(root, path), join(import.meta.dirname, path)];
  expect(cited.filter((path) => !places(path).some((place) => existsSync(place)))).toEqual([]);
});
