import { setTimeout as wait } from 'node:timers/promises';
import {
  type FakeProvider,
  type RunningGateway,
  type RunningPostgres,
  startFakeProvider,
  startPostgres,
} from '@gatewayz/testkit';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Answer, ask, chatBody } from '../ask.ts';
import { askAdmin, createKey, createUser, tryAdmin, type UserKey, withKey } from './admin.ts';
import { type LedgerStage, openLedgerStage } from './ledger-stage.ts';

/** How soon a revocation counts everywhere. */
const REVOKED_WITHIN_MS = 5000;

let postgres: RunningPostgres;
let other: FakeProvider;
let stage: LedgerStage;
let first: RunningGateway;
/** Another machine on the same database. */
let second: RunningGateway;

beforeAll(async () => {
  postgres = await startPostgres();
  other = await startFakeProvider();
  stage = await openLedgerStage({
    databaseUrl: postgres.url,
    others: { other: { baseUrl: other.url, apiKey: 'sk-other', models: ['large', 'elsewhere'] } },
  });
  first = await stage.start();
  second = await stage.start({ dataFolder: `${stage.dataFolder}-2` });
  await createUser(first, 'ann', 10 ** 9);
});
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
  await other.close();
  await postgres.stop();
});

function chat(gateway: RunningGateway, key: UserKey, model = 'large'): Promise<Answer> {
  return ask(gateway, { body: chatBody('Hello', { model }), headers: withKey(key) });
}

test('a key is for its models alone, whatever way they are named, and nobody is called for others', async () => {
  const key = await createKey(first, 'ann', { models: ['small'] });
  expect((await chat(second, key, 'small')).status).toBe(200);
  const asked = stage.provider.attempts().length;
  for (const model of ['large', 'only/small', 'elsewhere']) {
    const { status, error } = await chat(second, key, model);
    expect([model, status, error?.code]).toEqual([model, 403, 'model_not_allowed']);
  }
  expect(stage.provider.attempts()).toHaveLength(asked);
});

test.each(['models', 'route', 'fallbacks'])(
  'a key is for the model that it asks for, and none that "%s" names to the provider; one of the configuration may',
  async (field) => {
    const key = await createKey(first, 'ann', { models: ['small'] });
    const body = chatBody('Hello', { model: 'small', [field]: ['large'] });
    const asked = stage.provider.attempts().length;
    const { status, error } = await ask(first, { body, headers: withKey(key) });
    expect([status, error?.code, error?.param]).toEqual([400, 'field_not_allowed', field]);
    expect(stage.provider.attempts()).toHaveLength(asked);
    const headers = { authorization: 'Bearer configured-key' };
    expect((await ask(first, { body, headers })).status).toBe(200);
    expect(stage.provider.attempts().at(-1)?.json).toMatchObject({ [field]: ['large'] });
  },
);

test('a key is for its providers alone: others that serve the model are passed over, even when its own fails', async () => {
  const key = await createKey(first, 'ann', { providers: ['other'] });
  const { status, headers } = await chat(second, key, 'large');
  expect([status, headers.get('x-gatewayz-provider')]).toEqual([200, 'other']);
  const refused = await chat(second, key, 'small');
  expect([refused.status, refused.error?.code]).toEqual([403, 'provider_not_allowed']);
  const asked = stage.provider.attempts().length;
  other.setScript('large', { kind: 'body', status: 500, body: { json: {} } });
  expect((await chat(second, key, 'large')).status).toBeGreaterThanOrEqual(500);
  other.setScript('large', { kind: 'answer' });
  expect(stage.provider.attempts()).toHaveLength(asked);
});

test('a key ends at its time, on every gateway, though it was in use a moment before', async () => {
  const expiresAtMs = Date.now() + 3000;
  const key = await createKey(first, 'ann', { expires_at: new Date(expiresAtMs).toISOString() });
  for (const gateway of [first, second]) expect((await chat(gateway, key)).status).toBe(200);
  await wait(Math.max(0, expiresAtMs - Date.now()) + 20);
  for (const gateway of [first, second]) {
    const { status, error } = await chat(gateway, key);
    expect([status, error?.code]).toEqual([401, 'invalid_api_key']);
  }
});

test('a key that is in use is revoked on another gateway at once, and on this one within five seconds', async () => {
  const key = await createKey(first, 'ann');
  for (const gateway of [first, second]) expect((await chat(gateway, key)).status).toBe(200);
  await askAdmin(first, 'POST', `keys/${key.id}/revoke`);
  const revokedAt = performance.now();
  expect((await chat(first, key)).status).toBe(401);
  let lastLetInMs = 0;
  await vi.waitFor(
    async () => {
      const askedAt = performance.now();
      const { status } = await chat(second, key);
      if (status === 200) lastLetInMs = askedAt - revokedAt;
      expect(status).toBe(401);
    },
    { timeout: 2 * REVOKED_WITHIN_MS, interval: 50 },
  );
  expect(lastLetInMs).toBeLessThan(REVOKED_WITHIN_MS);
});

test('Postgres is not copied by the gateway, which says so', async () => {
  const { status, error } = await tryAdmin(first, 'POST', 'backups');
  expect([status, error?.message]).toEqual([409, expect.stringContaining('pg_dump')]);
});

test('a budget holds for its key over all gateways, and leaves the rest of the credit to other keys', async () => {
  const bounded = await createKey(first, 'ann', { budget_micro: 1 });
  for (const gateway of [first, second]) {
    const { status, error } = await chat(gateway, bounded);
    expect([status, error?.code]).toEqual([402, 'insufficient_quota']);
  }
  expect((await chat(second, await createKey(first, 'ann'))).status).toBe(200);
});
