import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import {
  type ProcessOptions,
  type RunningProcess,
  repositoryRoot,
  startProcess,
  temporaryFolder,
} from '@gatewayz/testkit';
import { buildPackages } from '../../scripts/build-packages.ts';
import { toToolEnvironment } from '../../scripts/run-command.ts';

/** A project that is empty but for our packages, installed from the tarballs that would be published. */
export interface PackedProject extends AsyncDisposable {
  readonly path: string;
  /** The names of our packages. */
  readonly packages: readonly string[];
  readonly tarballs: readonly string[];
  write(name: string, content: string): void;
  /** A text of an installed package. */
  read(name: string, file: string): string;
  /** Starts a program in the project, in an environment of nothing but `env` and what finds the pinned Node. */
  start(command: string, args: readonly string[], options?: Partial<ProcessOptions>): Promise<RunningProcess>;
  /** What a program prints to both streams until it ends; throws with it where that is not with 0. */
  run(command: string, args: readonly string[], env?: ProcessOptions['env']): Promise<string>;
}

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** What a user has beside our packages. */
const THEIRS = ['fastify', 'express', 'hono', '@hono/node-server', '@types'];
const PATH: string = [dirname(process.execPath), toToolEnvironment(repositoryRoot).PATH].join(delimiter);

async function runIn(
  cwd: string,
  command: string,
  args: readonly string[],
  env: ProcessOptions['env'] = {},
): Promise<string> {
  const running = await startProcess({ command, args, cwd, env: { PATH, ...env } });
  const { code } = await running.exit;
  const output = `${running.stdout()}${running.stderr()}`;
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${output}`);
  return output;
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}

/** The folders of all that the packages depend on, and what those do: from this repository, for nothing is fetched. */
function listForeign(manifests: readonly Manifest[]): readonly string[] {
  const folders = new Map<string, string>();
  const visit = ({ dependencies = {} }: Manifest): void => {
    for (const name of Object.keys(dependencies)) {
      if (folders.has(name) || name.startsWith('@gatewayz/')) continue;
      folders.set(name, join(repositoryRoot, 'node_modules', name));
      visit(readManifest(join(repositoryRoot, 'node_modules', name)));
    }
  };
  for (const manifest of manifests) visit(manifest);
  return [...folders.values()];
}

/** Builds and packs every package of ours that is not private, and installs the tarballs in an empty project. */
export async function installPackedProject(): Promise<PackedProject> {
  const folder = await temporaryFolder();
  const [path, packed] = [join(folder.path, 'project'), join(folder.path, 'tarballs')];
  for (const made of [path, packed]) mkdirSync(made);
  const toOutFolder = (source: string): string => join(folder.path, 'built', source.split('/').at(-1) ?? '');
  const built = await buildPackages({ root: repositoryRoot, toOutFolder, log: () => {} });
  const foreign = listForeign([...built.values()].map(readManifest));
  const flags = ['--silent', '--ignore-scripts'];
  await runIn(packed, 'npm', ['pack', ...flags, ...built.values(), ...foreign]);
  const tarballs = readdirSync(packed).map((file) => join(packed, file));
  writeFileSync(join(path, 'package.json'), '{"name":"empty","private":true}');
  await runIn(path, 'npm', ['install', '--offline', '--no-audit', '--no-fund', ...flags, ...tarballs]);
  for (const name of THEIRS) {
    const link = join(path, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(repositoryRoot, 'node_modules', name), link);
  }
  return {
    path,
    packages: [...built.keys()],
    tarballs,
    write: (name, content) => writeFileSync(join(path, name), content),
    read: (name, file) => readFileSync(join(path, 'node_modules', name, file), 'utf8'),
    start: (command, args, options = {}) =>
      startProcess({ ...options, command, args, cwd: path, env: { PATH, ...options.env } }),
    run: (command, args, env) => runIn(path, command, args, env),
    [Symbol.asyncDispose]: () => folder.dispose(),
  };
}
