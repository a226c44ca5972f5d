import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot, temporaryFolder } from '@gatewayz/testkit';
import { describe, expect, test } from 'vitest';
import { runCommand } from '../command.ts';
import { OBSERVABILITY, readYaml } from './rule-files.ts';

interface Service {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string; readonly target: string };
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly mem_limit?: string;
  readonly restart?: string;
  readonly user?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly secrets?: readonly unknown[];
  readonly entrypoint?: readonly string[];
  readonly tmpfs?: readonly string[];
  readonly depends_on?: Readonly<Record<string, unknown>>;
  readonly command?: readonly string[];
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const FILE = 'observability/compose.yaml';
const text = readFileSync(join(repositoryRoot, FILE), 'utf8');
const compose = readYaml(FILE) as Compose;
const services = Object.entries(compose.services);
/** Made by us, and so not of a registry. */
const OURS = /^gatewayz\/[a-z-]+:\d+\.\d+\.\d+$/;
const PINNED = /^(?:[a-z]+\/)?[a-z]+:v?\d+\.\d+(?:\.\d+)?(?:-[a-z]+)?$/;

test('the stack is the nine services of the page', () => {
  expect(Object.keys(compose.services).toSorted()).toEqual(
    [
      'alertmanager',
      'gateway',
      'grafana',
      'health-service',
      'loki',
      'postgres',
      'prometheus',
      'redis',
      'tempo',
    ].toSorted(),
  );
});

describe.each(services)('the service %s', (name, service) => {
  test('is of a pinned version', () => {
    expect(service.image).toMatch(service.build === undefined ? PINNED : OURS);
  });

  test('is checked, limited, restarted, and without privileges', () => {
    expect(service.healthcheck?.test.length).toBeGreaterThan(1);
    expect(service.mem_limit).toMatch(/^\d+[mg]$/);
    expect(service.restart).toBe('unless-stopped');
    expect(service.cap_drop).toEqual(['ALL']);
    expect(service.security_opt).toEqual(['no-new-privileges:true']);
    // Postgres alone writes outside its volume when it starts.
    expect([name, service.read_only ?? false]).toEqual([name, name !== 'postgres']);
  });

  test('publishes ports on loopback alone', () => {
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:(\d+):\1$/);
  });

  test('mounts what is there, for reading', () => {
    for (const volume of service.volumes ?? []) {
      const [source = '', , mode] = volume.split(':');
      if (!source.startsWith('.')) expect(compose.volumes).toHaveProperty(source);
      else {
        expect([volume, mode]).toEqual([volume, 'ro']);
        // Made by the operator, where there is a configuration at all.
        if (source !== './config')
          expect([source, existsSync(join(OBSERVABILITY, source))]).toEqual([source, true]);
      }
    }
    // Compose writes secrets into the container, and refuses where nothing may be written.
    expect(service.secrets).toBeUndefined();
    for (const other of Object.keys(service.depends_on ?? {})) expect(compose.services).toHaveProperty(other);
  });

  test('names files of its configuration that are mounted', () => {
    const mounted = (service.volumes ?? [])
      .filter((volume) => volume.startsWith('./'))
      .map((volume) => volume.split(':') as [string, string]);
    for (const argument of service.command ?? []) {
      const path = /(\/etc\/.+\.ya?ml)$/.exec(argument)?.[1];
      if (path === undefined) continue;
      const [source = '', target = ''] = mounted.find(([, to]) => path.startsWith(`${to}/`)) ?? [];
      expect([path, existsSync(join(OBSERVABILITY, source, path.slice(target.length)))]).toEqual([
        path,
        true,
      ]);
    }
  });
});

test('no two services publish a port', () => {
  const ports = services.flatMap(([, { ports: own = [] }]) => own);
  expect(new Set(ports).size).toBe(ports.length);
  expect(ports.map((port) => port.split(':')[1]).toSorted()).toEqual(['3000', '8000', '9090', '9093']);
});

test('no volume is left over', () => {
  const used = new Set(
    services.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(':')[0])),
  );
  expect(Object.keys(compose.volumes).filter((name) => !used.has(name))).toEqual([]);
});

test('a secret has no default: the stack does not start without it, and the example names it', () => {
  const example = readFileSync(join(OBSERVABILITY, '.env.example'), 'utf8');
  const names = [...text.matchAll(/\$\{(\w+)(:[?-])?/g)].map(([, name = '', kind = '']) => ({ name, kind }));
  const required = new Set(names.filter(({ kind }) => kind === ':?').map(({ name }) => name));
  expect([...required].toSorted()).toEqual([
    'ADMIN_TOKEN',
    'GATEWAYZ_KEY',
    'GRAFANA_ADMIN_PASSWORD',
    'METRICS_TOKEN',
    'POSTGRES_PASSWORD',
    'REDIS_PASSWORD',
  ]);
  for (const { name, kind } of names) {
    expect(example).toMatch(new RegExp(`^#?${name}=`, 'm'));
    if (kind !== ':-') expect([name, required.has(name)]).toEqual([name, true]);
    else expect(text).toContain(`\${${name}:-}`);
  }
  for (const name of required) expect(example).toMatch(new RegExp(`^${name}=$`, 'm'));
});

test('the apps are told nothing that they do not read', () => {
  const example = readFileSync(join(repositoryRoot, '.env.example'), 'utf8');
  for (const name of ['gateway', 'health-service']) {
    for (const variable of Object.keys(compose.services[name]?.environment ?? {})) {
      if (!variable.startsWith('OTEL_')) expect(example).toMatch(new RegExp(`^#${variable}=`, 'm'));
    }
  }
});

test('both apps can read a configuration file that names the key of clients', () => {
  for (const name of ['gateway', 'health-service'])
    expect(compose.services[name]?.environment).toHaveProperty('GATEWAYZ_KEY');
});

test('Prometheus starts with the token in the file that its configuration names, for itself alone', async () => {
  await using folder = await temporaryFolder();
  const { entrypoint = [], command = [], tmpfs = [] } = compose.services.prometheus ?? {};
  expect(tmpfs).toEqual(['/run/secrets:mode=0700,uid=65534,gid=65534']);
  const [shell, flags = '', script = '', ...rest] = entrypoint;
  expect(shell).toBe('/bin/sh');
  const here = script
    .replaceAll('$$', '$')
    .replace('/run/secrets', folder.path)
    .replace('/bin/prometheus', 'printf "%s\\n"');
  const args = ['METRICS_TOKEN=a $token', 'sh', flags, here, ...rest, ...command];
  const { code, stdout } = await runCommand('env', args, '');
  expect([code, stdout.trimEnd().split('\n')]).toEqual([0, command]);
  const file = join(folder.path, 'metrics_token');
  expect(readFileSync(file, 'utf8')).toBe('a $token');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const config = readFileSync(join(OBSERVABILITY, 'prometheus/prometheus.yml'), 'utf8');
  expect(config).toContain('credentials_file: /run/secrets/metrics_token');
});

describe('the images', () => {
  const dockerfile = readFileSync(join(OBSERVABILITY, 'docker/Dockerfile'), 'utf8');
  const manifest = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8')) as {
    readonly devDependencies: Readonly<Record<string, string>>;
  };

  test('have the Node that everything is tested with', () => {
    expect(dockerfile).toContain(`ARG NODE_VERSION=${manifest.devDependencies.node}\n`);
    expect(
      dockerfile.match(/^FROM .*/gm)?.filter((line) => !/node:\$\{NODE_VERSION\}-slim|FROM base /.test(line)),
    ).toEqual([]);
  });

  test.each(services.flatMap(([name, { build }]) => (build === undefined ? [] : [[name, build] as const])))(
    'of %s is a target without root, with a check and a program that exists',
    (name, build) => {
      expect(build).toEqual({ context: '..', dockerfile: 'observability/docker/Dockerfile', target: name });
      const stage = dockerfile.split(/^FROM /m).find((part) => part.includes(` AS ${name}\n`)) ?? '';
      expect(stage.startsWith('base AS')).toBe(true);
      expect(stage).toContain('HEALTHCHECK');
      const program = /"(apps\/[\w/.-]+)"/.exec(stage)?.[1] ?? '';
      expect([program, existsSync(join(repositoryRoot, program))]).toEqual([program, program !== '']);
      const base = dockerfile.split(/^FROM /m).find((part) => part.includes(' AS base\n')) ?? '';
      expect(base).toMatch(/^USER node$/m);
    },
  );

  test('hold no secrets and no tests', () => {
    const ignored = readFileSync(join(OBSERVABILITY, 'docker/Dockerfile.dockerignore'), 'utf8').split('\n');
    expect(ignored).toEqual(expect.arrayContaining(['**', '**/*.test.ts', '**/.env*', '**/node_modules']));
  });
});
