import { type TemporaryFolder, temporaryFolder } from '@gatewayz/testkit';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { charge } from '../../ledger/ledger-stage.ts';
import { type AccountServer, CONFIGURED_KEY, startAccountServer } from './account-server.ts';

let folder: TemporaryFolder;
let server: AccountServer;

beforeEach(async () => {
  folder = await temporaryFolder();
  server = await startAccountServer(folder.path);
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await folder.dispose();
});

const createKey = async (part: object = {}) => {
  await server.ask('POST', '/admin/users', { id: 'ann', name: 'Ann' });
  return (await server.ask('POST', '/admin/keys', { user_id: 'ann', name: 'laptop', ...part })).json;
};

describe('a key', () => {
  test('is told once, lets its owner in, and no longer when it is revoked', async () => {
    const { id, token, ...key } = await createKey({ requests_per_minute: 60, models: ['a', 'b/c'] });
    expect(token).toMatch(/^gz_live_/);
    expect(key).toMatchObject({
      status: 'active',
      hint: `gz_live_…${token.slice(-4)}`,
      models: ['a', 'b/c'],
      requests_per_minute: 60,
      tokens_per_minute: null,
    });
    for (const path of [`/admin/keys/${id}`, '/admin/keys', '/admin/users', '/admin/users/ann']) {
      const { status, text } = await server.ask('GET', path);
      expect(status).toBe(200);
      expect(text).not.toContain(token.slice(8, -4));
    }
    expect((await server.ask('GET', '/v1/usage', undefined, token)).status).toBe(200);
    const revoked = await server.ask('POST', `/admin/keys/${id}/revoke`);
    expect(revoked.json).toMatchObject({ status: 'revoked', revoked_at: '2026-01-31T10:00:00.000Z' });
    expect(await server.ask('GET', '/v1/usage', undefined, token)).toMatchObject({
      status: 401,
      json: { error: { type: 'authentication_error', code: 'invalid_api_key', param: null } },
    });
  });

  test('is changed field by field', async () => {
    const { id } = await createKey({ concurrency: 3, expires_at: '2026-02-01T00:00:00+01:00' });
    const changed = await server.ask('PATCH', `/admin/keys/${id}`, { concurrency: null, budget_micro: 0 });
    expect(changed.json).toMatchObject({
      concurrency: null,
      budget_micro: 0,
      expires_at: '2026-01-31T23:00:00.000Z',
    });
    expect(changed.json).not.toHaveProperty('token');
  });

  test('is found in a list by its user and status, page by page', async () => {
    const first = await createKey();
    server.stage.clock.advance(1);
    const second = await createKey();
    const page = await server.ask('GET', '/admin/keys?user_id=ann&status=active&limit=1');
    expect(page.json).toMatchObject({ object: 'list', has_more: true, data: [{ id: first.id }] });
    const next = await server.ask('GET', `/admin/keys?limit=1&after=${first.id}`);
    expect(next.json).toMatchObject({ has_more: false, data: [{ id: second.id }] });
  });
});

test('an operator brings a user from a trial to a plan', async () => {
  const post = async (path: string, body: object) => (await server.ask('POST', path, body)).json;
  await post('/admin/users', { id: 'ann@example.com' });
  const trial = await post('/admin/trials', {
    user_id: 'ann@example.com',
    ends_at: '2026-02-14T00:00:00Z',
    credit_micro: 5,
  });
  expect(trial).toMatchObject({ status: 'active', ends_at: '2026-02-14T00:00:00.000Z' });
  const plan = {
    id: 'pro',
    name: 'Pro',
    plan_type: 'paid',
    billing_cycle: 'monthly',
    price_micro_usd: 1,
    credits_micro: 100,
  };
  expect(await post('/admin/plans', plan)).toMatchObject({ object: 'plan', ...plan });
  expect((await server.ask('POST', '/admin/plans', plan)).status).toBe(409);
  const subscription = await post('/admin/subscriptions', { user_id: 'ann@example.com', plan_id: 'pro' });
  expect(subscription).toMatchObject({ status: 'active', plan_type: 'paid', ends_at: null });
  expect(await post(`/admin/trials/${trial.id}/end`, { status: 'converted' })).toMatchObject({
    status: 'converted',
  });
  expect((await server.ask('GET', '/admin/users/ann@example.com')).json).toMatchObject({
    plan_type: 'paid',
    balance_micro: 105,
  });
  expect(await post(`/admin/subscriptions/${subscription.id}/cancel`, {})).toMatchObject({
    status: 'cancelled',
    ends_at: '2026-01-31T10:00:00.000Z',
  });
  for (const list of ['plans', 'subscriptions?user_id=ann@example.com', 'trials']) {
    expect((await server.ask('GET', `/admin/${list}`)).json.data).toHaveLength(1);
  }
});

test('credits are given once for an idempotency key, in the body or in the header', async () => {
  await createKey();
  const give = (body: object, headers = {}) =>
    fetch(`${server.url}/admin/users/ann/credits`, {
      method: 'POST',
      headers: {
        authorization: 'Bearer admin-token-of-the-tests',
        'content-type': 'application/json',
        ...headers,
      },
      body: JSON.stringify(body),
    });
  for (const _ of [1, 2]) {
    const given = await give({ amount_micro: 10_000_000 }, { 'idempotency-key': 'invoice-1' });
    expect(await given.json()).toEqual({ object: 'balance', user_id: 'ann', balance_micro: 10_000_000 });
  }
  expect((await give({ amount_micro: 9, idempotency_key: 'invoice-1' })).status).toBe(409);
  expect((await give({ amount_micro: -1 })).status).toBe(400);
  expect((await give({ amount_micro: 9 }, { 'idempotency-key': 'x'.repeat(200) })).status).toBe(400);
  const taken = await give({ kind: 'adjust', amount_micro: -1_000_000 });
  expect(await taken.json()).toMatchObject({ balance_micro: 9_000_000 });
  expect((await give({ kind: 'adjust', amount_micro: -9_000_001 })).status).toBe(409);
});

describe('usage', () => {
  let token: string;
  beforeEach(async () => {
    const created = await createKey();
    token = created.token;
    await server.ask('POST', '/admin/users/ann/credits', { amount_micro: 5_000_000 });
    const keyId = created.id;
    await Promise.all([
      server.stage.ledger.settle(charge('a', { keyId })),
      server.stage.ledger.settle(charge('b', { keyId, model: '@cf/meta', costMicroUsd: null })),
      server.stage.ledger.settle(charge('c', { userId: 'bob', keyId: 'bobs', model: '=1+1,"x"' })),
    ]);
  });

  test('is summed up for the operator as it is asked for', async () => {
    const { json } = await server.ask(
      'GET',
      '/admin/usage?group_by=user,model&from=2026-01-31&to=2026-01-31',
    );
    expect(json).toMatchObject({ object: 'usage', from: '2026-01-31', to: '2026-01-31' });
    expect(json.data).toHaveLength(3);
    expect(json.data[0]).toEqual({
      user_id: 'ann',
      model: '@cf/meta',
      requests: 1,
      input_tokens: 10,
      output_tokens: 5,
      cached_tokens: 2,
      reasoning_tokens: 1,
      cost_micro_usd: null,
      unpriced_requests: 1,
      estimated_requests: 0,
      credits_micro: 1_000_000,
    });
    const all = await server.ask('GET', '/admin/usage?group_by=');
    expect(all.json).toMatchObject({ from: '2026-01-02', to: '2026-01-31', data: [{ requests: 3 }] });
    const before = await server.ask('GET', '/admin/usage?to=2026-01-30');
    expect(before.json.data).toEqual([]);
  });

  test('comes as CSV where that is wanted, with nothing that a spreadsheet would run', async () => {
    const csv = await server.ask('GET', '/admin/usage?group_by=day,user,model&format=csv');
    expect(csv.headers.get('content-type')).toMatch(/^text\/csv/);
    expect(csv.text.split('\r\n')).toEqual([
      'day,user_id,model,requests,input_tokens,output_tokens,cached_tokens,reasoning_tokens,cost_micro_usd,' +
        'unpriced_requests,estimated_requests,credits_micro',
      '2026-01-31,ann,@cf/meta,1,10,5,2,1,,1,0,1000000',
      '2026-01-31,ann,llama,1,10,5,2,1,1000000,0,0,1000000',
      `2026-01-31,bob,"'=1+1,""x""",1,10,5,2,1,1000000,0,0,1000000`,
      '',
    ]);
    const accepted = await fetch(`${server.url}/v1/usage?group_by=model`, {
      headers: { authorization: `Bearer ${token}`, accept: 'text/csv' },
    });
    expect((await accepted.text()).split('\r\n').map((line) => line.split(',')[0])).toEqual([
      'model',
      '@cf/meta',
      'llama',
      '',
    ]);
  });

  test("is the owner's own, whatever is asked for", async () => {
    const { json } = await server.ask('GET', '/v1/usage?group_by=key', undefined, token);
    expect(json).toMatchObject({
      user_id: 'ann',
      balance: { granted_micro: 5_000_000, charged_micro: 2_000_000, balance_micro: 3_000_000 },
      key: { budget_micro: null, charged_micro: 2_000_000 },
      data: [{ requests: 2 }],
    });
    for (const query of ['user_id=bob', 'key_id=bobs', 'group_by=user']) {
      expect((await server.ask('GET', `/v1/usage?${query}`, undefined, token)).status).toBe(400);
    }
    expect(await server.ask('GET', '/v1/usage', undefined, CONFIGURED_KEY)).toMatchObject({
      status: 404,
      json: { error: { code: 'no_account' } },
    });
  });

  test.each(['json', 'csv'])('is one report at a time of each owner, as %s', async (format) => {
    const path = `/v1/usage?format=${format}`;
    const { front } = server.stage;
    expect((await server.ask('GET', path, undefined, token)).status).toBe(200);
    const { calls } = front;
    const release = front.holdNext();
    const first = server.ask('GET', path, undefined, token);
    await vi.waitFor(() => expect(front.calls).toBeGreaterThan(calls));
    const second = await server.ask('GET', path, undefined, token);
    expect(second).toMatchObject({ status: 429, json: { error: { code: 'too_many_reports' } } });
    expect(second.headers.get('retry-after')).toBe('1');
    // Nobody keeps the operator waiting.
    expect((await server.ask('GET', '/admin/usage')).status).toBe(200);
    release();
    expect((await first).status).toBe(200);
    expect((await server.ask('GET', path, undefined, token)).status).toBe(200);
  });

  test('is to be had again after a report that failed', async () => {
    const ask = async (): Promise<number> => (await server.ask('GET', '/v1/usage', undefined, token)).status;
    expect(await ask()).toBe(200);
    server.stage.front.mode = 'refusing';
    expect([await ask(), await ask()]).toEqual([503, 503]);
    server.stage.front.mode = 'open';
    expect(await ask()).toBe(200);
  });

  test('whose database goes away is 503 before the first line, and breaks off after it', async () => {
    const { front } = server.stage;
    front.mode = 'refusing';
    const refused = await server.ask('GET', '/admin/usage?format=csv');
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('1');
    front.mode = 'open';
    const { run } = front;
    let calls = 0;
    front.run = (label, write) => (++calls > 3 ? Promise.reject(new Error('gone')) : run(label, write));
    const broken = server.ask('GET', '/admin/usage?format=csv&from=2026-01-01&to=2026-01-31');
    await expect(broken).rejects.toThrow();
  });
});

test('a change of nothing is refused', async () => {
  const { id } = await createKey();
  expect((await server.ask('PATCH', `/admin/keys/${id}`, {})).status).toBe(400);
  expect((await server.ask('PATCH', '/admin/users/ann', {})).status).toBe(400);
});

test('a key that someone takes for an id is in no answer and no error', async () => {
  const { token } = await createKey();
  const replies = [
    await server.ask('GET', `/admin/keys/${token}`),
    await server.ask('GET', `/admin/keys?after=${token}`),
    await server.ask('GET', `/admin/users?limit=${token}`),
    await server.ask('GET', `/v1/usage?from=${token}`, undefined, token),
    await server.ask('POST', '/admin/keys', { user_id: token, name: 'x' }),
    await server.ask('POST', '/admin/keys', { user_id: 'ann', name: 'x', models: [`${token}\n`] }),
    await server.ask('GET', '/v1/usage', undefined, `${token}x`),
  ];
  for (const { text } of replies) expect(text).not.toContain(token);
  expect(server.unexpected).toEqual([]);
});

test('without an admin token there is no admin API, and without keys nobody has an account', async () => {
  await using place = await temporaryFolder();
  await using open = await startAccountServer(place.path, { adminToken: null, isOpen: true });
  for (const token of [null, 'null', 'admin-token-of-the-tests']) {
    expect(await open.ask('GET', '/admin/users', undefined, token)).toMatchObject({
      status: 403,
      json: { error: { code: 'admin_disabled' } },
    });
  }
  expect((await open.ask('GET', '/v1/usage', undefined, null)).json.error.code).toBe('no_account');
});
