import { type TemporaryFolder, temporaryFolder } from '@gatewayz/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type AccountServer, CONFIGURED_KEY, startAccountServer } from '../http/admin/account-server.ts';

let folder: TemporaryFolder;
let server: AccountServer;
const checked: string[] = [];

beforeEach(async () => {
  checked.length = 0;
  folder = await temporaryFolder();
  server = await startAccountServer(folder.path, {
    onChecked: (result) => checked.push(result),
    addMore: (fastify) =>
      fastify.get('/whoami', { config: { needsKey: true } }, ({ caller, authenticatedAt, receivedAt }) => ({
        keyId: caller?.keyId,
        userId: caller?.userId,
        rpm: caller?.key?.requestsPerMinute ?? null,
        isTimed: authenticatedAt >= receivedAt && receivedAt > 0,
      })),
  });
  await server.stage.accounts.users.create({ id: 'ann' });
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await folder.dispose();
});

const whoami = async (token: string | null) => {
  const { status, json, headers } = await server.ask('GET', '/whoami', undefined, token);
  return { status, json, retryAfter: headers.get('retry-after'), code: json.error?.code };
};
const createKey = () =>
  server.stage.accounts.keys.create({ userId: 'ann', name: 'laptop', requestsPerMinute: 5 });

test('a request is known by its key, read or remembered, with what the key may be used for', async () => {
  const { key, token } = await createKey();
  for (const _ of ['read', 'remembered']) {
    expect((await whoami(token)).json).toEqual({ keyId: key.id, userId: 'ann', rpm: 5, isTimed: true });
  }
  expect(server.stage.cache).toEqual({ hit: 1, miss: 1 });
});

test('a key of the configuration has nobody who pays, and no limits', async () => {
  expect((await whoami(CONFIGURED_KEY)).json).toEqual({
    // The beginning of: printf 'gatewayz key %s' configured-key-of-the-tests | sha256sum
    keyId: 'configured:3c16dc6357fe',
    userId: '',
    rpm: null,
    isTimed: true,
  });
  expect(server.stage.cache).toEqual({ hit: 0, miss: 0 });
});

test('while the database is away a key that is not known is not called wrong, and known ones go on', async () => {
  const known = (await createKey()).token;
  const other = (await createKey()).token;
  await whoami(known);
  server.stage.front.mode = 'refusing';
  server.stage.clock.advance(10_000);
  expect(await whoami(other)).toMatchObject({ status: 503, code: 'keys_unavailable', retryAfter: '1' });
  expect(await whoami(known)).toMatchObject({ status: 200 });
  expect(await whoami(CONFIGURED_KEY)).toMatchObject({ status: 200 });
  expect(await whoami('a-guess')).toMatchObject({ status: 401, code: 'invalid_api_key' });
});

test('each check is told of with its result', async () => {
  const { key, token } = await createKey();
  await whoami(token);
  await whoami(null);
  await whoami('a-guess');
  await server.stage.accounts.users.change('ann', { disabled: true });
  expect(await whoami(token)).toMatchObject({ status: 403, code: 'account_disabled' });
  await server.stage.accounts.keys.revoke(key.id);
  expect(await whoami(token)).toMatchObject({ status: 401, code: 'invalid_api_key' });
  expect(checked).toEqual(['key', 'missing', 'unknown', 'disabled', 'revoked']);
});
