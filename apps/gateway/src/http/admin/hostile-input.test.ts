import { type TemporaryFolder, temporaryFolder } from '@gatewayz/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AccountServer, startAccountServer } from './account-server.ts';

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

describe('what is not well-formed', () => {
  test.each([
    ['no JSON', '{', null],
    ['a list', [], null],
    ['an unknown field', { id: 'a', admin: true }, null],
    ['an unknown field with a name of a megabyte', { ['x\r\n'.repeat(200_000)]: 1 }, null],
    ['a prototype', '{"__proto__":{"id":"a"}}', null],
    ['an id with a line break', { id: 'a\r\nb' }, 'id'],
    ['an id like a path', { id: '../a' }, 'id'],
    ['an id of a megabyte', { id: 'a'.repeat(900_000) }, 'id'],
    ['a prototype name', { id: '__proto__' }, 'id'],
    ['a name with a line break', { name: 'a\r\nSet-Cookie: b' }, 'name'],
    ['a name with NUL', { name: 'a\0' }, 'name'],
    ['a name that turns the text around', { name: 'a\u202Eb' }, 'name'],
    ['half a character', '{"name":"\\ud800"}', 'name'],
    ['a name that is too long', { name: 'é'.repeat(201) }, 'name'],
    ['an empty name', { name: '' }, 'name'],
    ['a plan type that is no word', { plan_type: 'a"b' }, 'plan_type'],
  ])('%s is refused and says where', async (_, body, param) => {
    const known = (await server.ask('GET', '/admin/users')).json.data.length;
    const { status, json, text } = await server.ask('POST', '/admin/users', body);
    expect(status).toBe(400);
    expect(json.error).toMatchObject({ type: 'invalid_request_error', param });
    expect(text.length).toBeLessThan(1000);
    expect((await server.ask('GET', '/admin/users')).json.data).toHaveLength(known);
  });

  test.each([
    { models: [] },
    { models: ['a\nb'] },
    { providers: ['a b'] },
    { requests_per_minute: 0 },
    { requests_per_minute: 1.5 },
    { budget_micro: -1 },
    { budget_micro: 1e300 },
    { concurrency: '5' },
    { expires_at: 'tomorrow' },
    { expires_at: '9999-12-31T23:59:59-23:00' },
    { name: null },
  ])('a key with %j is not made', async (part) => {
    await server.ask('POST', '/admin/users', { id: 'ann' });
    const { status, json } = await server.ask('POST', '/admin/keys', { user_id: 'ann', name: 'x', ...part });
    expect([status, json.error.type]).toEqual([400, 'invalid_request_error']);
    expect((await server.ask('GET', '/admin/keys')).json.data).toEqual([]);
  });

  test('names in any script are kept as they are', async () => {
    const name = 'Ünïcödé 名前 👩‍🚀 "\';--';
    const { json } = await server.ask('POST', '/admin/users', { id: 'constructor', name });
    expect(json).toMatchObject({ id: 'constructor', name });
    expect((await server.ask('GET', '/admin/users/constructor')).json.name).toBe(name);
  });

  test.each([
    "/admin/users/'%20or%20'1'='1",
    '/admin/users/%00',
    '/admin/users/__proto__',
    '/admin/keys/toString',
    '/admin/keys/%0d%0aX:%20y',
    '/admin/subscriptions/x',
  ])('GET %s finds nothing, and fails in nothing', async (path) => {
    expect([400, 404]).toContain((await server.ask('GET', path)).status);
    expect(server.unexpected).toEqual([]);
  });

  test.each([
    'from=2026-02-30',
    'from=2026-01-02&to=2026-01-01',
    'from=2024-01-01&to=2026-01-01',
    'group_by=day,day',
    'group_by=credits_micro;drop',
    'group_by=__proto__',
    'format=xml',
    'limit=5',
    "from=2026-01-01'--",
  ])('a report with %s is refused', async (query) => {
    expect((await server.ask('GET', `/admin/usage?${query}`)).status).toBe(400);
  });
});
