import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { repositoryRoot, type TemporaryFolder, temporaryFolder } from '@gatewayz/testkit';
import { publint } from 'publint';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildPackage } from '../../scripts/build-package.ts';
import { listPublishablePackages } from '../../scripts/publishable-package.ts';
import { runCommand } from '../../scripts/run-command.ts';

const OURS = ['@gatewayz/metrics', '@gatewayz/provider-health', '@gatewayz/observability'];
/** What a user has installed beside the module; from this repository, for nothing is fetched in a test. */
const THEIRS = ['fastify', 'express', 'hono', '@hono/node-server', '@types'];

let folder: TemporaryFolder;
let project: string;
let built: string;

async function run(command: string, args: readonly string[], cwd: string): Promise<string> {
  const env = { ...process.env, PATH: `${join(repositoryRoot, 'node_modules/.bin')}:${process.env.PATH}` };
  const result = await runCommand(command, args, { cwd, env });
  expect(result.output, `${command} ${args.join(' ')}`).toSatisfy(() => result.isOk);
  return result.output;
}

async function pack(source: string, target: string): Promise<void> {
  await run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', target], source);
}

/** Builds and packs the packages as they would be published, and installs the tarballs in an empty project. */
beforeAll(async () => {
  folder = await temporaryFolder();
  const tarballs = join(folder.path, 'tarballs');
  project = join(folder.path, 'project');
  for (const path of [tarballs, project]) mkdirSync(path);
  const done = new Map<string, string>();
  const entries = listPublishablePackages(repositoryRoot).filter(({ manifest }) =>
    OURS.includes(manifest.name),
  );
  for (const entry of entries) {
    built = join(folder.path, 'built', entry.manifest.name);
    await buildPackage({ root: repositoryRoot, entry, outFolder: built, built: done });
    done.set(entry.manifest.name, built);
    await pack(built, tarballs);
  }
  built = done.get('@gatewayz/observability') ?? '';
  await pack(join(repositoryRoot, 'node_modules/undici'), tarballs);
  writeFileSync(join(project, 'package.json'), '{"name":"empty","private":true}');
  const files = readdirSync(tarballs).map((file) => join(tarballs, file));
  const flags = ['--offline', '--no-audit', '--no-fund', '--ignore-scripts'];
  await run('npm', ['install', ...flags, ...files], project);
  for (const name of THEIRS) {
    const link = join(project, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(repositoryRoot, 'node_modules', name), link);
  }
}, 180_000);

afterAll(async () => {
  await folder?.[Symbol.asyncDispose]();
});

test('publint has nothing against the package', async () => {
  const { messages } = await publint({ pkgDir: built, pack: 'npm', strict: true });
  expect(messages).toEqual([]);
});

test('the code of the README runs in a project of ES modules', async () => {
  const readme = readFileSync(join(project, 'node_modules/@gatewayz/observability/README.md'), 'utf8');
  const code = /```ts\n(.*?)```/s.exec(readme)?.[1]?.replace('port: 3000', 'port: 0') ?? '';
  const ask = "console.log((await app.inject('/metrics')).statusCode); await app.close();";
  writeFileSync(join(project, 'readme.mjs'), code + ask);
  expect((await run(process.execPath, ['--no-strip-types', 'readme.mjs'], project)).trim()).toBe('200');
});

test.each(['fastify', 'express', 'hono', 'http'])(
  'a CommonJS project requires the entry for %s',
  async (name) => {
    const create: Readonly<Record<string, string>> = {
      fastify: "require('fastify')()",
      express: "require('express')()",
      hono: "new (require('hono').Hono)()",
      http: "require('node:http').createServer()",
    };
    const code = `
    const { setupPrometheusRoutes } = require('@gatewayz/observability/${name}');
    const observability = setupPrometheusRoutes(${create[name]}, { env: {} });
    observability.registry.render().then((text) => {
      console.log(text.includes('fastapi_app_info'));
      observability.close();
    });`;
    writeFileSync(join(project, `${name}.cjs`), code);
    expect((await run(process.execPath, ['--no-strip-types', `${name}.cjs`], project)).trim()).toBe('true');
  },
);

test('the types are complete: right code compiles, and wrong code does not', async () => {
  const source = `
import { createServer } from 'node:http';
import { classifyStatus, type Observability, outcomeOfError } from '@gatewayz/observability';
import { setupPrometheusRoutes as onExpress } from '@gatewayz/observability/express';
import { setupPrometheusRoutes as onFastify } from '@gatewayz/observability/fastify';
import { setupPrometheusRoutes as onHono } from '@gatewayz/observability/hono';
import { setupPrometheusRoutes as onHttp } from '@gatewayz/observability/http';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';

const handles: Observability[] = [
  onExpress(express()),
  onFastify(Fastify({ logger: true }), { token: process.env.TOKEN }),
  onFastify(Fastify({ http2: true })),
  onHono(new Hono<{ Bindings: { name: string } }>()),
  onHttp(createServer(), { route: (request) => request.url }),
];
const call = handles[0]!.inference({ provider: 'a', model: 'b' });
const ended: boolean = call.end({ outcome: classifyStatus(200), usage: { inputTokens: 1 } });
call.failOver(outcomeOfError(null), { provider: 'a', model: 'c' });
const row: Promise<number> = handles[0]!.wrapDatabase({ table: 't', operation: 'o' }, async () => 1);
// @ts-expect-error
call.end({ outcome: 'splendid' });
// @ts-expect-error
onExpress(Fastify());
export { ended, row };
`;
  writeFileSync(join(project, 'types.mts'), source);
  const flags = ['--strict', '--exactOptionalPropertyTypes', '--module', 'nodenext', '--target', 'es2024'];
  await run('tsc', [...flags, '--types', 'node', '--noEmit', 'types.mts'], project);
  rmSync(join(project, 'types.mts'));
});
