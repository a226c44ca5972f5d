import { createServer } from 'node:net';
import { join } from 'node:path';
import { freePort, type ProcessExit, repositoryRoot, startProcess, temporaryFolder } from '@gatewayz/testkit';
import { expect, test } from 'vitest';

const MAIN = join(repositoryRoot, 'apps/gateway/src/main.ts');
const SECRETS = ['sk-canary-provider', 'canary-client-key', 'canary-password', 'canary-header', 'canary-env'];

interface Ended extends ProcessExit {
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the gateway where it is expected to end by itself. */
async function startInVain(
  config: string | null,
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  await using folder = await temporaryFolder();
  const path = config === null ? null : await folder.write('gatewayz.yaml', config);
  await using running = await startProcess({
    command: process.execPath,
    args: [MAIN],
    cwd: folder.path,
    env: { PORT: String(await freePort()), ...(path === null ? {} : { GATEWAYZ_CONFIG: path }), ...env },
  });
  const exit = await running.exit;
  return { ...exit, stdout: running.stdout(), stderr: running.stderr() };
}

const BROKEN = `
server: { port: 99999, bodyLimitBytes: many, sever: 1 }
auth: { mode: keys, keys: [canary-client-key, 7] }
providers:
  primary: { baseUrl: "http://user:canary-password@127.0.0.1/v1", apiKey: sk-canary-provider, modles: [a] }
  spare: { baseUrl: "ftp://127.0.0.1", headers: { x-organisation: "canary-header\\n" } }
  nameless: { models: [a] }
  unset: { baseUrl: "http://127.0.0.1:1/v1", apiKey: "\${NOT_SET_ANYWHERE}" }
models:
  chat: { targets: [ { provider: nobody, model: large } ] }
routing: { strategy: guess }
timeouts: { idleMs: -1 }
`;

test('every problem of a broken configuration is listed at once, and no secret is', async () => {
  const { code, stderr, stdout } = await startInVain(BROKEN, { PORT: 'eighty', SPARE_API_KEY: 'canary-env' });
  expect(code).toBe(1);
  for (const part of [
    'PORT',
    'server.port',
    'server.bodyLimitBytes',
    'sever',
    'auth.keys[1]',
    'providers.primary.baseUrl',
    'modles',
    'providers.spare.baseUrl',
    'providers.spare.headers.x-organisation',
    'providers.nameless.baseUrl',
    'NOT_SET_ANYWHERE',
    'nobody',
    'routing.strategy',
    'timeouts.idleMs',
  ])
    expect(stderr).toContain(part);
  for (const secret of SECRETS) expect(stderr + stdout).not.toContain(secret);
  expect(stderr).not.toContain('at ');
});

test('a file that is no YAML is refused with the place', async () => {
  const { code, stderr } = await startInVain('providers: { primary: [\n  apiKey: sk-canary-provider\n');
  expect(code).toBe(1);
  expect(stderr).toMatch(/line \d+/);
  expect(stderr).not.toContain('sk-canary-provider');
});

test('a file that is named and missing is refused', async () => {
  const { code, stderr } = await startInVain(null, { GATEWAYZ_CONFIG: 'nowhere.yaml' });
  expect(code).toBe(1);
  expect(stderr).toMatch(/GATEWAYZ_CONFIG: .*nowhere\.yaml.*ENOENT/);
});

test.each(['0.0.0.0', '::', '192.0.2.1', 'example.com'])(
  'open access on the host %s is refused',
  async (host) => {
    const { code, stderr } = await startInVain('auth: { mode: open }', { HOST: host });
    expect(code).toBe(1);
    expect(stderr).toMatch(/auth\.mode: .*loopback/);
  },
);

test('a port that is taken is named, and the process exits', async () => {
  const taken = createServer();
  const port = await freePort();
  await new Promise<void>((resolve) => taken.listen(port, '127.0.0.1', resolve));
  try {
    const { code, stderr } = await startInVain(null, { PORT: String(port) });
    expect(code).toBe(1);
    expect(stderr).toContain('EADDRINUSE');
    expect(stderr).toContain(String(port));
  } finally {
    taken.close();
  }
});

test('where a part cannot be opened behind others that are, the reason is told, and the process exits', async () => {
  await using data = await temporaryFolder();
  await data.write('key-pepper', 'too short');
  const { code, stderr } = await startInVain(null, { GATEWAYZ_DATA_DIR: data.path });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^The gateway did not start: .*key-pepper/);
});

test.runIf(process.platform === 'linux')('a data folder that nobody can make is named', async () => {
  const { code, stderr } = await startInVain(null, { GATEWAYZ_DATA_DIR: '/proc/nope' });
  expect(code).toBe(1);
  expect(stderr).toContain('/proc/nope');
});

test('what the environment cannot mean is listed with the rest, and no secret is', async () => {
  const { code, stderr } = await startInVain('server: { port: 99999 }', {
    GATEWAYZ_KEY_PEPPER: 'canary-env',
    REDIS_URL: 'redis://:canary-password%@127.0.0.1:6379',
    ADMIN_TOKEN: 'canary-client-key '.repeat(40),
    GATEWAYZ_WORKERS: '1e1',
  });
  expect(code).toBe(1);
  for (const part of ['server.port', 'GATEWAYZ_KEY_PEPPER', 'REDIS_URL', 'ADMIN_TOKEN', 'GATEWAYZ_WORKERS'])
    expect(stderr).toContain(part);
  for (const secret of SECRETS) expect(stderr).not.toContain(secret);
});
