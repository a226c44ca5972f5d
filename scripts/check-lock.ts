import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A package in the lock file; only what is read here. */
interface LockedPackage {
  readonly version?: string;
  readonly optional?: boolean;
  readonly dev?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface LockFile {
  packages: Record<string, LockedPackage>;
}

const platforms = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
];
const processors = [
  'arm64',
  'arm',
  'ia32',
  'loong64',
  'mips64el',
  'ppc64',
  'riscv64',
  's390x',
  'wasm32',
  'x64',
];

/** Where a package for one platform runs, as its name says it. */
function readPlatform(name: string): { os?: string[]; cpu?: string[]; libc?: string[] } {
  const words = (name.split('/').at(-1) ?? '').split('-');
  const os = platforms.find((platform) => words.includes(platform));
  const cpu = processors.find((processor) => words.includes(processor));
  const libc = words.some((word) => word.startsWith('musl'))
    ? 'musl'
    : words.some((word) => word.startsWith('gnu'))
      ? 'glibc'
      : undefined;
  return {
    ...(os ? { os: [os] } : {}),
    ...(cpu ? { cpu: [cpu] } : {}),
    ...(os === 'linux' && libc ? { libc: [libc] } : {}),
  };
}

/**
 * The optional packages for other platforms that a lock file leaves out, by their place in it. An npm that could not
 * get them writes the file without them, and `npm ci` then refuses it everywhere.
 */
function findMissing({ packages }: LockFile): Record<string, object> {
  const missing: Record<string, object> = {};
  for (const entry of Object.values(packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const place = `node_modules/${name}`;
      const isExact = /^\d+\.\d+\.\d+/.test(version);
      const isKnown = Object.keys(packages).some((path) => path === place || path.endsWith(`/${place}`));
      if (isExact && !isKnown) {
        missing[place] = {
          version,
          ...readPlatform(name),
          ...(entry.dev ? { dev: true } : {}),
          optional: true,
        };
      }
    }
  }
  return missing;
}

const path = join(process.cwd(), 'package-lock.json');
const lock = JSON.parse(readFileSync(path, 'utf8')) as LockFile;
const missing = findMissing(lock);
const names = Object.keys(missing);

if (names.length > 0 && process.argv.includes('--write')) {
  const entries = Object.entries({ ...lock.packages, ...missing }).sort(([a], [b]) => (a < b ? -1 : 1));
  writeFileSync(path, `${JSON.stringify({ ...lock, packages: Object.fromEntries(entries) }, null, 2)}\n`);
  console.log(`added ${names.length} packages for other platforms`);
} else if (names.length > 0) {
  console.log(
    `package-lock.json lacks packages for other platforms, so that npm ci refuses it:\n  ${names.join('\n  ')}`,
  );
  console.log('node scripts/check-lock.ts --write adds them');
  process.exitCode = 1;
}
