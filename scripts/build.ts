import { join } from 'node:path';
import { buildPackages } from './build-packages.ts';

try {
  await buildPackages({
    root: process.cwd(),
    toOutFolder: (packageFolder) => join(packageFolder, 'dist'),
    log: console.log,
  });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
