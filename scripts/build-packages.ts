import { basename } from 'node:path';
import { buildPackage } from './build-package.ts';
import { hasSources, listPublishablePackages } from './publishable-package.ts';

export interface BuildOptions {
  readonly root: string;
  /** The publishable folder of a package, from the package's folder. */
  readonly toOutFolder: (packageFolder: string) => string;
  readonly log: (line: string) => void;
}

/**
 * Builds every publishable package, those first that others depend on, and returns their publishable folders by
 * package name. A package that has no source yet, or depends on one, is skipped with a line in the log.
 */
export async function buildPackages(options: BuildOptions): Promise<ReadonlyMap<string, string>> {
  const { root, toOutFolder, log } = options;
  const built = new Map<string, string>();
  const packages = listPublishablePackages(root);
  const names = new Set(packages.map((entry) => entry.manifest.name));
  for (const entry of packages) {
    const { name, version, dependencies = {} } = entry.manifest;
    const missing = Object.keys(dependencies).filter((other) => names.has(other) && !built.has(other));
    if (!hasSources(entry) || missing.length > 0) {
      log(`skipped ${name}: ${missing.length > 0 ? `${missing.join(', ')} was not built` : 'no source yet'}`);
      continue;
    }
    const outFolder = toOutFolder(entry.folder);
    await buildPackage({ root, entry, outFolder, built });
    built.set(name, outFolder);
    log(`built   ${name}@${version} (packages/${basename(entry.folder)})`);
  }
  return built;
}
