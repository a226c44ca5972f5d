import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PackageManifest, PublishablePackage } from './publishable-package.ts';
import { runCommand } from './run-command.ts';

export interface BuildPackageOptions {
  /** The repository's root, with `tsconfig.base.json` and `node_modules`. */
  readonly root: string;
  readonly entry: PublishablePackage;
  /** Where the publishable folder goes; emptied first. */
  readonly outFolder: string;
  /** Publishable folders of packages of ours that were built before, by package name. */
  readonly built: ReadonlyMap<string, string>;
}

const keptFields = [
  'name',
  'version',
  'description',
  'keywords',
  'license',
  'author',
  'repository',
  'homepage',
  'bugs',
  'type',
  'sideEffects',
  'engines',
  'dependencies',
  'peerDependencies',
  'peerDependenciesMeta',
  'optionalDependencies',
  'publishConfig',
] as const;

function toBuilt(source: string, extension: string): string {
  return source.replace(/^\.\/src\//, './').replace(/\.ts$/, extension);
}

/** The manifest to publish: `exports` points to what was built, and what only the repository needs is left out. */
function toPublishedManifest(manifest: PackageManifest): Readonly<Record<string, unknown>> {
  const kept = keptFields
    .filter((field) => manifest[field] !== undefined)
    .map((field) => [field, manifest[field]]);
  const exports = Object.entries(manifest.exports ?? {}).map(([path, source]) => [
    path,
    { types: toBuilt(source, '.d.ts'), default: toBuilt(source, '.js') },
  ]);
  return { ...Object.fromEntries(kept), exports: Object.fromEntries(exports) };
}

function toCompilerConfig({ root, entry, outFolder, built }: BuildPackageOptions): object {
  const paths = [...built].map(([name, folder]) => [name, [join(folder, 'index.d.ts')]]);
  return {
    extends: join(root, 'tsconfig.base.json'),
    compilerOptions: {
      rootDir: join(entry.folder, 'src'),
      outDir: outFolder,
      typeRoots: [join(root, 'node_modules', '@types')],
      paths: Object.fromEntries(paths),
      noEmitOnError: true,
    },
    // Only what the entry points reach is built: neither tests nor what they share.
    files: entry.sources.map((source) => join(entry.folder, source)),
  };
}

async function compile(options: BuildPackageOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gatewayz-build-'));
  try {
    const config = join(folder, 'tsconfig.json');
    writeFileSync(config, JSON.stringify(toCompilerConfig(options)));
    const result = await runCommand('tsc', ['-p', config, '--pretty', 'false'], { cwd: options.root });
    if (!result.isOk) throw new Error(`${options.entry.manifest.name} does not compile:\n${result.output}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function copyText(file: string, folders: readonly string[], outFolder: string): void {
  const source = folders.map((folder) => join(folder, file)).find((candidate) => existsSync(candidate));
  if (source !== undefined) copyFileSync(source, join(outFolder, file));
}

/** Builds the publishable folder of one package. Rejects with the compiler's output when it does not compile. */
export async function buildPackage(options: BuildPackageOptions): Promise<void> {
  const { root, entry, outFolder } = options;
  rmSync(outFolder, { recursive: true, force: true });
  mkdirSync(outFolder, { recursive: true });
  await compile(options);
  const manifest = toPublishedManifest(entry.manifest);
  writeFileSync(join(outFolder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  copyText('README.md', [entry.folder], outFolder);
  copyText('LICENSE', [entry.folder, root], outFolder);
}
