import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterEach, describe, expect, it } from 'vitest';
import { buildPackages } from './build-packages.ts';
import { hasSources, listPublishablePackages, type PackageManifest } from './publishable-package.ts';
import { runCommand } from './run-command.ts';
import { writeFiles } from './write-files.ts';

const repository = join(import.meta.dirname, '..');
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gatewayz-build-test-'));
  folders.push(folder);
  return folder;
}

function manifest(name: string, extra: object = {}): string {
  const exports = { '.': './src/index.ts' };
  const fields = { name, version: '1.2.3', license: 'MIT', type: 'module', exports, ...extra };
  return JSON.stringify(fields);
}

/** A repository whose `first` needs `second`, with a private package and one without source. */
function makeRepository(files: Readonly<Record<string, string>> = {}): string {
  const root = makeFolder();
  cpSync(join(repository, 'tsconfig.base.json'), join(root, 'tsconfig.base.json'));
  symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'));
  writeFiles(root, {
    LICENSE: 'the licence',
    'packages/first/package.json': manifest('@fixture/first', {
      dependencies: { '@fixture/second': '1.2.3' },
      devDependencies: { vitest: '*' },
      scripts: { test: 'vitest' },
    }),
    'packages/first/README.md': 'the readme',
    'packages/first/src/index.ts': "export { shout } from './shout.ts';\n",
    'packages/first/src/shout.ts':
      "import { word } from '@fixture/second';\n\n/** Shouts. */\nexport function shout(): string {\n  return word.toUpperCase();\n}\n",
    'packages/first/src/shout.test.ts': "import './shout.ts';\n",
    'packages/second/package.json': manifest('@fixture/second'),
    'packages/second/src/index.ts': "export const word: string = 'hello';\n",
    'packages/hidden/package.json': manifest('@fixture/hidden', { private: true }),
    'packages/hidden/src/index.ts': 'export const hidden: number = 1;\n',
    'packages/unwritten/package.json': manifest('@fixture/unwritten'),
    ...files,
  });
  return root;
}

async function build(
  root: string,
): Promise<{ built: ReadonlyMap<string, string>; lines: readonly string[] }> {
  const outRoot = makeFolder();
  const lines: string[] = [];
  const built = await buildPackages({
    root,
    toOutFolder: (folder) => join(outRoot, folder.replace(/^.*packages/, '')),
    log: (line) => lines.push(line),
  });
  return { built, lines };
}

async function lint(folder: string): Promise<readonly string[]> {
  const { messages, pkg } = await publint({ pkgDir: folder, pack: 'npm', strict: true });
  return messages.map((message) => formatMessage(message, pkg) ?? message.code);
}

async function run(command: string, args: readonly string[], cwd: string): Promise<string> {
  const result = await runCommand(command, args, { cwd, env: { ...process.env } });
  expect(result.output, command).toSatisfy(() => result.isOk);
  return result.output;
}

/** Packs every folder as npm would publish it, unpacks it as npm would install it, and returns where. */
async function install(built: ReadonlyMap<string, string>): Promise<string> {
  const place = makeFolder();
  for (const [name, folder] of built) {
    const target = join(place, 'node_modules', name);
    mkdirSync(target, { recursive: true });
    await run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', target], folder);
    const [tarball] = readdirSync(target);
    await run('tar', ['-xzf', join(target, tarball ?? ''), '--strip-components=1', '-C', target], place);
    linkForeign(place, join(target, 'package.json'), built);
  }
  return place;
}

/** Dependencies that are not ours come from the repository, since nothing may be fetched here. */
function linkForeign(place: string, manifestFile: string, built: ReadonlyMap<string, string>): void {
  const { dependencies, peerDependencies } = JSON.parse(
    readFileSync(manifestFile, 'utf8'),
  ) as PackageManifest;
  for (const name of Object.keys({ ...dependencies, ...peerDependencies })) {
    const link = join(place, 'node_modules', name);
    if (built.has(name) || existsSync(link)) continue;
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(repository, 'node_modules', name), link);
  }
}

function importFrom(place: string, name: string): Promise<string> {
  const code = `console.log(Object.keys(await import('${name}')).join())`;
  return run(process.execPath, ['--no-strip-types', '--input-type=module', '--eval', code], place);
}

describe('a built repository', () => {
  it('has its packages in the order of their needs, and says what it leaves out', async () => {
    const { built, lines } = await build(makeRepository());
    expect([...built.keys()]).toEqual(['@fixture/second', '@fixture/first']);
    expect(lines).toEqual([
      'built   @fixture/second@1.2.3 (packages/second)',
      'built   @fixture/first@1.2.3 (packages/first)',
      'skipped @fixture/unwritten: no source yet',
    ]);
  });

  it('publishes what is needed and no more', async () => {
    const { built } = await build(makeRepository());
    const folder = built.get('@fixture/first') ?? '';
    expect(readdirSync(folder).sort()).toEqual(
      ['LICENSE', 'README.md', 'index.d.ts', 'index.js', 'package.json', 'shout.d.ts', 'shout.js'].sort(),
    );
    expect(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))).toEqual({
      name: '@fixture/first',
      version: '1.2.3',
      license: 'MIT',
      type: 'module',
      dependencies: { '@fixture/second': '1.2.3' },
      exports: { '.': { types: './index.d.ts', default: './index.js' } },
    });
    expect(readFileSync(join(folder, 'index.js'), 'utf8')).toContain("from './shout.js'");
    expect(readFileSync(join(folder, 'shout.d.ts'), 'utf8')).toContain('/** Shouts. */');
  });

  it('passes publint, installs from its tarballs and is imported by plain node', async () => {
    const { built } = await build(makeRepository());
    for (const folder of built.values()) expect(await lint(folder)).toEqual([]);
    const place = await install(built);
    const code = "const { shout } = await import('@fixture/first'); console.log(shout())";
    expect(await run(process.execPath, ['--input-type=module', '--eval', code], place)).toBe('HELLO\n');
  });

  it('does not come from sources that do not compile, or exports that are not sources', async () => {
    const broken = makeRepository({ 'packages/second/src/index.ts': 'export const word: string = 7;\n' });
    await expect(build(broken)).rejects.toThrow(/@fixture\/second does not compile:\n.*TS2322/);
    const wrong = makeRepository({
      'packages/second/package.json': manifest('@fixture/second', { exports: { '.': './index.js' } }),
    });
    await expect(build(wrong)).rejects.toThrow('exports must be ./src/*.ts, received "./index.js"');
  });
});

describe('the packages of this repository', () => {
  it('all build, pass publint, and are imported by plain node from their tarballs', async () => {
    const expected = listPublishablePackages(repository).filter(hasSources);
    const { built } = await build(repository);
    expect([...built.keys()].sort()).toEqual(expected.map((entry) => entry.manifest.name).sort());
    expect(built.size).toBeGreaterThan(0);
    const place = await install(built);
    for (const [name, folder] of built) {
      expect(await lint(folder), name).toEqual([]);
      expect((await importFrom(place, name)).trim(), name).not.toBe('');
    }
  });
});
