import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type FakeLoki,
  type FakeOtlp,
  type RunningProcess,
  repositoryRoot,
  startFakeLoki,
  startFakeOtlp,
} from '@gatewayz/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { listPublishablePackages, type PackageManifest } from '../../scripts/publishable-package.ts';
import { findOlderNode } from './older-node.ts';
import { installPackedProject, type PackedProject } from './packed-project.ts';
import { readBlocks, withoutChance } from './readme-blocks.ts';
import { BUSY_BACKEND, COMMONJS_BACKENDS, TYPES_OF_THE_MODULE } from './uses-of-the-module.ts';

interface Package {
  readonly name: string;
  readonly manifest: PackageManifest;
  readonly readme: string;
}

const PACKAGES: readonly Package[] = listPublishablePackages(repositoryRoot).map(({ folder, manifest }) => ({
  name: manifest.name,
  manifest,
  readme: readFileSync(join(folder, 'README.md'), 'utf8'),
}));
const PROGRAMS = PACKAGES.flatMap(({ name, readme }) =>
  readBlocks(readme)
    .filter(({ language }) => language === 'ts')
    .map((block, index) => ({ ...block, title: `${name.replace('@gatewayz/', '')}-${index + 1}` })),
);
const NODE = process.execPath;
/** What the README has its reader do with a backend, and look at. */
const VISIT = `
for (const [path, method] of [['/things/1', 'GET'], ['/ask', 'POST']]) await fetch(app.listeningOrigin + path, { method });
console.log(await (await fetch(app.listeningOrigin + '/metrics')).text());
await app.close();
`;

let project: PackedProject;
let compiled: Promise<string>;
let loki: FakeLoki;
let collector: FakeOtlp;

function compile(): Promise<string> {
  const strict = ['--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess'];
  for (const { title, code } of PROGRAMS) project.write(`${title}.mts`, code);
  project.write('types.mts', TYPES_OF_THE_MODULE);
  const files = [...PROGRAMS.map(({ title }) => `${title}.mts`), 'types.mts'];
  const target = ['--module', 'nodenext', '--target', 'es2024', '--types', 'node'];
  return project.run('tsc', [...strict, ...target, ...files]);
}

beforeAll(async () => {
  project = await installPackedProject();
  compiled = compile();
  await compiled.catch(() => {});
}, 180_000);

afterAll(async () => {
  await project?.[Symbol.asyncDispose]();
});

beforeEach(async () => {
  [loki, collector] = await Promise.all([startFakeLoki(), startFakeOtlp()]);
});

afterEach(async () => {
  await Promise.all([loki.close(), collector.close()]);
});

/** Code of a README with the addresses of these tests. */
function withAddresses(code: string): string {
  return code
    .replaceAll('http://localhost:3100', loki.url)
    .replaceAll('http://localhost:4318', collector.url)
    .replaceAll('port: 3000', 'port: 0');
}

test('every package that is not private is there, with the README of the repository', () => {
  for (const { name, readme } of PACKAGES) expect(project.read(name, 'README.md'), name).toBe(readme);
  expect(project.packages).toHaveLength(PACKAGES.length);
});

describe.each(PACKAGES)('$name', ({ name, manifest }) => {
  test('has nothing but what was built, its licence and its README', () => {
    const folder = join(project.path, 'node_modules', name);
    const files = readdirSync(folder, { recursive: true, withFileTypes: true });
    const names = files.filter((file) => file.isFile()).map((file) => file.name);
    const built = /^(?!.*(?:\.test|fixture|bench)).+\.(?:js|d\.ts)$/;
    const others = names.filter((file) => !built.test(file));
    expect(others.sort()).toEqual(['LICENSE', 'README.md', 'package.json']);
  });

  test('says which licence and which Node, and has every entry point of the sources', async () => {
    const published = JSON.parse(project.read(name, 'package.json')) as PackageManifest;
    expect(published).toMatchObject({ license: 'MIT', type: 'module', engines: { node: '>=22.19' } });
    expect(Object.keys(published)).not.toContain('devDependencies');
    const paths = Object.keys(manifest.exports ?? {});
    expect(Object.keys(published.exports ?? {})).toEqual(paths);
    const entries = paths.map((path) => `${name}${path.slice(1)}`);
    project.write('import.mjs', entries.map((entry) => `await import('${entry}');`).join('\n'));
    project.write('require.cjs', entries.map((entry) => `require('${entry}');`).join('\n'));
    for (const file of ['import.mjs', 'require.cjs']) expect(await project.run(NODE, [file]), file).toBe('');
  });
});

test('no dependency asks for a newer Node than the packages do', () => {
  const { packages } = JSON.parse(project.read('.', '.package-lock.json')) as {
    packages: Readonly<Record<string, PackageManifest & { readonly engines?: { readonly node?: string } }>>;
  };
  const asked = Object.values(packages).map(({ engines }) => engines?.node ?? '>=0');
  expect(asked.length).toBeGreaterThan(PACKAGES.length);
  expect(asked.filter((range) => !/^>=[\d.]+$/.test(range))).toEqual([]);
  const newest = asked.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1);
  expect(newest?.replace(/(\.\d+)\.0$/, '$1')).toBe('>=22.19');
});

const olderNode = findOlderNode();
// A test that is skipped counts as failed: hosts whose Node is new enough have none to try it with.
if (olderNode !== null) {
  test('an older Node is refused by an npm that is strict about it', async () => {
    const flags = ['--offline', '--dry-run', '--engine-strict', '--no-audit', '--no-fund'];
    const install = project.run('npm', ['install', ...flags, ...project.tarballs], { PATH: olderNode });
    await expect(install).rejects.toThrow(/EBADENGINE[\s\S]*@gatewayz\/[\s\S]*>=22\.19/);
  });
}

test('the types are complete: READMEs and right code compile, and wrong code does not', async () => {
  expect(await compiled).toBe('');
});

test.each(PROGRAMS)(
  'the code of a README runs, and prints what it says: $title',
  async ({ title, output }) => {
    const isBackend = title.startsWith('observability');
    const code = readFileSync(join(project.path, `${title}.mjs`), 'utf8');
    project.write('program.mjs', `${withAddresses(code)}${isBackend ? VISIT : ''}`);
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
    const printed = await project.run(NODE, ['program.mjs'], env);
    if (isBackend)
      expect(printed.split('\n')).toEqual(expect.arrayContaining(output?.trim().split('\n') ?? []));
    else expect(withoutChance(printed).trimEnd()).toBe(withoutChance(output ?? '').trimEnd());
  },
);

describe('a backend that is started by the six lines of the telemetry README', () => {
  const blocks = readBlocks(PACKAGES.find(({ name }) => name === '@gatewayz/telemetry')?.readme ?? '');
  const lines =
    blocks
      .find(({ language }) => language === 'sh')
      ?.code.trim()
      .split('\n') ?? [];
  const app = blocks.find(({ language }) => language === 'js');

  /** Runs the lines but for the first, which has been done, on a backend of this code. */
  function startBackend(code: string, readyWhen?: RegExp): Promise<RunningProcess> {
    project.write('app.mjs', code);
    const script = withAddresses(lines.slice(1).join('\n')).replace(/^node/m, 'exec node');
    return project.start('sh', ['-euc', script], readyWhen === undefined ? {} : { readyWhen });
  }

  function expectEachLineOnce(): void {
    const sold = loki.streams.flatMap(({ entries }) => entries.map(({ line }) => JSON.parse(line).n));
    expect(sold).toEqual(Array.from({ length: 300 }, (_, n) => n));
    expect(loki.stats()).toMatchObject({ accepted: 300, duplicates: 0, discarded: {} });
  }

  function expectEachSpanOnce(): void {
    expect(new Set(collector.spans.map(({ spanId }) => spanId)).size).toBe(300);
    expect([collector.spans.length, collector.problems]).toEqual([300, []]);
  }

  test('logs and traces as the README says', async () => {
    expect([lines.length, lines[0]]).toEqual([6, 'npm install @gatewayz/telemetry @opentelemetry/api']);
    await using backend = await startBackend(app?.code ?? '');
    expect(await backend.exit).toEqual({ code: 0, signal: null });
    expect([withoutChance(backend.stdout()), backend.stderr()]).toEqual([
      withoutChance(app?.output ?? ''),
      '',
    ]);
    const [stream, warnings] = loki.streams;
    expect(stream?.labels).toEqual({ app: 'shop', env: 'production', service: 'shop', level: 'INFO' });
    const pushed = [stream, warnings].flatMap((one) => one?.entries ?? []);
    expect(pushed.map(({ line }) => line)).toEqual(backend.stdout().trim().split('\n'));
    expect(collector.spans).toMatchObject([{ name: 'sell', resource: { 'service.name': 'shop' } }]);
    const [{ traceId: trace_id, spanId: span_id } = {}] = collector.spans;
    expect(warnings?.entries.map(({ metadata }) => metadata)).toEqual([{ trace_id, span_id }]);
  });

  test('sends every line and every span once as it ends by itself', async () => {
    await using backend = await startBackend(BUSY_BACKEND);
    expect(await backend.exit).toEqual({ code: 0, signal: null });
    expectEachLineOnce();
    expectEachSpanOnce();
  });

  test('sends every line and every span once as it is ended by SIGTERM', async () => {
    await using backend = await startBackend(`${BUSY_BACKEND} setInterval(() => {}, 1000);`, /"n":299/);
    backend.kill('SIGTERM');
    expect(await backend.exit).toEqual({ code: null, signal: 'SIGTERM' });
    expectEachLineOnce();
    expectEachSpanOnce();
  });

  test('sends its lines as it calls process.exit, and its spans where it has closed tracing', async () => {
    await using backend = await startBackend(`${BUSY_BACKEND} process.exit(3);`);
    expect(await backend.exit).toEqual({ code: 3, signal: null });
    expectEachLineOnce();
    collector.clear();
    const closing = 'await getTracing()?.close(2_000);';
    await using careful = await startBackend(`${BUSY_BACKEND} ${closing} process.exit(3);`);
    expect(await careful.exit).toEqual({ code: 3, signal: null });
    expectEachSpanOnce();
  });

  test('writes lines alone, and keeps its exit code, where the environment names no sink', async () => {
    const register = ['--import', '@gatewayz/telemetry/register'];
    project.write('app.cjs', "console.log('up'); process.exitCode = 7;");
    await using backend = await project.start(NODE, [...register, 'app.cjs']);
    expect(await backend.exit).toEqual({ code: 7, signal: null });
    expect(JSON.parse(backend.stdout())).toMatchObject({ level: 'INFO', app: 'app', message: 'up' });
    expect(backend.stderr()).toBe('');
  });
});

test('a CommonJS project puts the module into each framework', async () => {
  project.write('backends.cjs', COMMONJS_BACKENDS);
  const printed = await project.run(NODE, ['backends.cjs']);
  const names = ['express', 'fastify', 'hono', 'http'];
  expect(printed.trim().split('\n').sort()).toEqual(names.map((name) => `${name} true`));
});
