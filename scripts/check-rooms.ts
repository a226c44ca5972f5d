import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const scope = '@gatewayz/';
const testRoom = 'testkit';

/**
 * The law of imports: each room and the rooms of ours that it may declare and import. Tests of any room may use
 * the test kit as well. A room that is not listed here is an error.
 */
const importLaw: Readonly<Record<string, readonly string[]>> = {
  'packages/metrics': [],
  'packages/provider-health': [],
  'packages/telemetry': [],
  'packages/database': [],
  'packages/redis-link': [],
  'packages/pricing': [],
  'packages/config': ['provider-health'],
  'packages/provider-client': ['config'],
  'packages/observability': ['metrics', 'provider-health'],
  'packages/testkit': [],
  'apps/gateway': [
    'config',
    'provider-client',
    'metrics',
    'provider-health',
    'telemetry',
    'observability',
    'database',
    'redis-link',
    'pricing',
  ],
  'apps/health-service': [
    'config',
    'provider-client',
    'metrics',
    'provider-health',
    'telemetry',
    'observability',
    'database',
    'redis-link',
  ],
  'apps/doctor': ['config', 'observability'],
  'apps/dashboard': [],
  'examples/express': ['observability'],
  'examples/fastify': ['observability'],
  'examples/hono': ['observability'],
  'examples/http': ['observability'],
};

interface Manifest {
  readonly name?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

function listRooms(root: string): readonly string[] {
  return ['packages', 'apps', 'examples'].flatMap((kind) => {
    const folder = join(root, kind);
    const names = existsSync(folder) ? readdirSync(folder) : [];
    return names
      .map((name) => `${kind}/${name}`)
      .filter((room) => existsSync(join(root, room, 'package.json')))
      .sort();
  });
}

function toOurs(specifiers: Iterable<string>): readonly string[] {
  return [...specifiers]
    .filter((specifier) => specifier.startsWith(scope))
    .map((specifier) => specifier.slice(scope.length).split('/', 1)[0] ?? '');
}

/** The package's name without our scope: its folder's, which for an example says that it is one. */
function nameOf(room: string): string {
  const [kind, folder = ''] = room.split('/');
  return kind === 'examples' ? `example-${folder}` : folder;
}

function checkManifest(root: string, room: string, allowed: readonly string[]): readonly string[] {
  const manifest = JSON.parse(readFileSync(join(root, room, 'package.json'), 'utf8')) as Manifest;
  const { dependencies, optionalDependencies, peerDependencies, devDependencies } = manifest;
  const used = toOurs(Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies }));
  const usedInTests = toOurs(Object.keys(devDependencies ?? {}));
  const tooMany = [
    ...used.filter((name) => !allowed.includes(name)),
    ...usedInTests.filter((name) => !allowed.includes(name) && name !== testRoom),
  ];
  return [
    ...(manifest.name === scope + nameOf(room)
      ? []
      : [`${room}/package.json: must be named after its folder`]),
    ...tooMany.map((name) => `${room}/package.json: may not depend on ${scope}${name}`),
  ];
}

const importPattern = /(?:\bfrom|\bimport|\bimport\()\s*(['"])([^'"\n]+)\1/g;

function checkSource(
  root: string,
  room: string,
  file: string,
  allowed: readonly string[],
): readonly string[] {
  const isTest = file.endsWith('.test.ts');
  const text = readFileSync(join(root, room, file), 'utf8');
  const specifiers = [...text.matchAll(importPattern)].map((match) => match[2] ?? '');
  const own = nameOf(room);
  return toOurs(specifiers)
    .filter((name) => name !== own && !allowed.includes(name) && !(isTest && name === testRoom))
    .map((name) => `${room}/${file}: may not import ${scope}${name}`);
}

function listSources(root: string, room: string): readonly string[] {
  const within = room.startsWith('examples/') ? '.' : 'src';
  const folder = join(root, room, within);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: within === 'src', encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(within, file));
}

/** Lists every breach of the import law, in manifests and in sources. */
function checkRooms(root: string): readonly string[] {
  return listRooms(root).flatMap((room) => {
    const allowed = importLaw[room];
    if (allowed === undefined) return [`${room}: is not in the table of scripts/check-rooms.ts`];
    return [
      ...checkManifest(root, room, allowed),
      ...listSources(root, room).flatMap((file) => checkSource(root, room, file, allowed)),
    ];
  });
}

if (import.meta.main) {
  const problems = checkRooms(process.cwd());
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
}
