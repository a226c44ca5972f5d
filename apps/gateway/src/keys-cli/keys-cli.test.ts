import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, startProcess, type TemporaryFolder, temporaryFolder } from '@gatewayz/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AccountServer, ADMIN_TOKEN, startAccountServer } from '../http/admin/account-server.ts';

let folder: TemporaryFolder;
let server: AccountServer;

beforeAll(async () => {
  folder = await temporaryFolder();
  server = await startAccountServer(folder.path);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await folder.dispose();
});

async function keys(line: string, env: Readonly<Record<string, string>> = {}) {
  await using running = await startProcess({
    command: process.execPath,
    args: [join(import.meta.dirname, '../keys-cli.ts'), ...line.split(' ').filter(Boolean)],
    env: { GATEWAYZ_URL: server.url, ADMIN_TOKEN, ...env },
  });
  const { code } = await running.exit;
  return { code, out: running.stdout(), err: running.stderr() };
}

test('a key is created, works, is listed and shown, and no longer works when it is revoked', async () => {
  const created = await keys('create --user ann --name laptop --credit 10.5 --models a,b --rpm 60');
  expect([created.code, created.err]).toEqual([0, '']);
  const [token = ''] = /gz_live_[\w-]{51}/.exec(created.out) ?? [];
  const [id = ''] = /key_[0-9a-f]+/.exec(created.out) ?? [];
  expect(created.out).toContain('ann has 10.5 credits.');
  expect(created.out).toMatch(/^requests_per_minute +60$/m);

  const usage = await server.ask('GET', '/v1/usage', undefined, token);
  expect(usage.json.balance.balance_micro).toBe(10_500_000);

  const again = await keys('create --user ann --name phone --json');
  expect(JSON.parse(again.out)).toMatchObject({ user_id: 'ann', name: 'phone', token: expect.any(String) });

  const listed = await keys('list --user ann');
  const lines = listed.out.trimEnd().split('\n');
  expect(lines[0]).toMatch(/^ID +USER_ID +NAME +HINT +STATUS/);
  expect(lines).toHaveLength(3);
  expect(lines.filter((line) => line.startsWith(`${id} `))).toHaveLength(1);
  expect(JSON.parse((await keys('list --json --status active')).out)).toHaveLength(2);

  const shown = await keys(`show ${id}`);
  expect(shown.out).toMatch(/^models +a,b$/m);
  expect(shown.out + listed.out).not.toContain(token.slice(8, -4));

  const revoked = await keys(`revoke ${id}`);
  expect([revoked.code, revoked.out]).toEqual([0, expect.stringMatching(/^status +revoked$/m)]);
  expect((await server.ask('GET', '/v1/usage', undefined, token)).status).toBe(401);
});

test('the database is copied, and the place of the copy is told', async () => {
  const made = await keys('backup');
  expect([made.code, made.err]).toEqual([0, '']);
  expect((await readFile(made.out.trim())).subarray(0, 15).toString()).toBe('SQLite format 3');
});

test.each([
  ['revoke key_none', {}, 1, 'There is no such key.'],
  ['create --user a/b --name x', {}, 1, 'id: Expected 1 to 64'],
  ['list', { ADMIN_TOKEN: 'wrong-token' }, 1, '/admin needs its token'],
  ['list', { ADMIN_TOKEN: '' }, 1, 'ADMIN_TOKEN: expected'],
  ['list', { GATEWAYZ_URL: 'gateway' }, 1, 'GATEWAYZ_URL: expected'],
  ['list --nonsense', {}, 2, 'npm run -s keys'],
])('%s with %j exits with its code and says why', async (line, env, code, message) => {
  const result = await keys(line, env);
  expect([result.code, result.out]).toEqual([code, '']);
  expect(result.err).toContain(message);
  expect(result.err).not.toMatch(/wrong-token|^ {4}at /m);
});

test('a gateway that is not there is told of in one line', async () => {
  const result = await keys('list', { GATEWAYZ_URL: `http://127.0.0.1:${await freePort()}` });
  expect([result.code, result.err]).toEqual([
    1,
    expect.stringMatching(/^The gateway at .* ECONNREFUSED\.\n$/),
  ]);
});

test('help is no failure', async () => {
  expect(await keys('--help')).toMatchObject({
    code: 0,
    err: '',
    out: expect.stringContaining('create --user'),
  });
});
