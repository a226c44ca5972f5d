import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The part of a `package.json` that the build reads. */
export interface PackageManifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

export interface PublishablePackage {
  /** Its folder, absolute. */
  readonly folder: string;
  readonly manifest: PackageManifest;
  /** Its entry points below the folder, such as `./src/index.ts`. */
  readonly sources: readonly string[];
}

function readPackage(folder: string): PublishablePackage {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as PackageManifest;
  const sources = Object.values(manifest.exports ?? {});
  const wrong = sources.find((source) => typeof source !== 'string' || !/^\.\/src\/.+\.ts$/.test(source));
  if (wrong !== undefined) {
    throw new Error(`${manifest.name}: exports must be ./src/*.ts, received ${JSON.stringify(wrong)}`);
  }
  return { folder, manifest, sources };
}

function sortByDependency(packages: readonly PublishablePackage[]): readonly PublishablePackage[] {
  const byName = new Map(packages.map((entry) => [entry.manifest.name, entry]));
  const sorted = new Set<PublishablePackage>();
  const visit = (entry: PublishablePackage): void => {
    for (const name of Object.keys(entry.manifest.dependencies ?? {})) {
      const dependency = byName.get(name);
      if (dependency !== undefined && !sorted.has(dependency)) visit(dependency);
    }
    sorted.add(entry);
  };
  for (const entry of packages) visit(entry);
  return [...sorted];
}

/**
 * Lists the packages below `packages/` that are not private, those first that others depend on. Their manifests
 * point to sources, so that the repository runs without a build.
 */
export function listPublishablePackages(root: string): readonly PublishablePackage[] {
  const folder = join(root, 'packages');
  const packages = readdirSync(folder)
    .sort()
    .map((name) => join(folder, name))
    .filter((candidate) => existsSync(join(candidate, 'package.json')))
    .map(readPackage)
    .filter((entry) => entry.manifest.private !== true);
  return sortByDependency(packages);
}

/** Whether every entry point is there; a package whose first source is yet to be written has none. */
export function hasSources(entry: PublishablePackage): boolean {
  return entry.sources.length > 0 && entry.sources.every((source) => existsSync(join(entry.folder, source)));
}
