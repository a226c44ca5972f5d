import {
  type RunningPostgres,
  startPostgres,
  type TemporaryFolder,
  temporaryFolder,
} from '@gatewayz/testkit';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { charge } from '../ledger/ledger-stage.ts';
import { type AccountStage, openAccounts } from './account-stage.ts';
import { toKeyStatus } from './keys.ts';

let postgres: RunningPostgres;
let databases = 0;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

async function emptyPostgres(): Promise<string> {
  const client = new Client(postgres.url);
  await client.connect();
  const name = `accounts_${databases++}`;
  await client.query(`create database ${name}`);
  await client.end();
  return postgres.url.replace(/\/postgres$/, `/${name}`);
}

const DAY_MS = 86_400_000;
const PLAN = {
  id: 'pro',
  name: 'Pro',
  plan_type: 'paid',
  billing_cycle: 'monthly',
  price_micro_usd: 20_000_000,
  credits_micro: 30_000_000,
};

describe.each(['sqlite', 'postgres'] as const)('accounts on %s', (dialect) => {
  let folder: TemporaryFolder;
  let stage: AccountStage;

  beforeEach(async () => {
    folder = await temporaryFolder();
    stage = await openAccounts(dialect === 'postgres' ? await emptyPostgres() : null, folder.path);
  });
  afterEach(async () => {
    await stage[Symbol.asyncDispose]();
    await folder.dispose();
  });

  describe('users', () => {
    test('have the id that was chosen, once, whoever comes first', async () => {
      const { users } = stage.accounts;
      const results = await Promise.allSettled(
        ['Ann', 'Anna', 'Anne'].map((name) => users.create({ id: 'ann', name })),
      );
      expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
      await expect(users.create({ id: 'ann' })).rejects.toMatchObject({ code: 'exists' });
      const made = await users.create({});
      expect(made).toMatchObject({ name: made.id, plan_type: 'free', granted_micro: 0 });
    });

    test('are listed page by page, each once', async () => {
      const { users } = stage.accounts;
      for (const id of ['e', 'b', 'd', 'a', 'c']) await users.create({ id });
      const first = await users.list({ limit: 2 });
      expect([first.rows.map(({ id }) => id), first.hasMore]).toEqual([['a', 'b'], true]);
      const last = await users.list({ limit: 3, after: 'b' });
      expect([last.rows.map(({ id }) => id), last.hasMore]).toEqual([['c', 'd', 'e'], false]);
    });

    test('that are not there are neither shown nor changed', async () => {
      const { users } = stage.accounts;
      await expect(users.get("' or '1'='1")).rejects.toMatchObject({ code: 'unknown' });
      await expect(users.change('__proto__', { name: 'x' })).rejects.toMatchObject({ code: 'unknown' });
    });
  });

  describe('keys', () => {
    beforeEach(async () => {
      await stage.accounts.users.create({ id: 'ann' });
    });

    test('are kept as a hash, with how they begin and end', async () => {
      const { key, token } = await stage.accounts.keys.create({ userId: 'ann', name: 'laptop' });
      expect(key).toMatchObject({ prefix: 'gz_live_', last_four: token.slice(-4), user_id: 'ann' });
      expect(key).not.toHaveProperty('hash');
      const [tables = []] = await stage.database.run({ table: 'api_keys', operation: 'select' }, () => [
        { sql: 'select * from api_keys', parameters: [] },
      ]);
      expect(tables).toHaveLength(1);
      expect(JSON.stringify(tables)).not.toContain(token.slice(8, 40));
    });

    test('hold their limits, and give them up where they are set to null', async () => {
      const { keys } = stage.accounts;
      const limits = { models: ['a', 'b'], requestsPerMinute: 60, concurrency: 2, budgetMicro: 5 };
      const { key, token } = await keys.create({ userId: 'ann', name: 'laptop', ...limits });
      expect(await stage.directory.find(token)).toMatchObject({
        kind: 'key',
        key: { userId: 'ann', requestsPerMinute: 60, tokensPerMinute: null, concurrency: 2, budgetMicro: 5 },
      });
      const changed = await keys.change(key.id, { models: null, tokensPerMinute: 9, name: 'phone' });
      expect(changed).toMatchObject({ models: null, tokens_per_minute: 9, name: 'phone', concurrency: 2 });
      const found = await stage.directory.find(token);
      expect(found).toMatchObject({ key: { models: null, tokensPerMinute: 9 } });
    });

    test('are listed by user and by status', async () => {
      const { keys, users } = stage.accounts;
      await users.create({ id: 'bob' });
      const names = async (query: Parameters<typeof keys.list>[0]): Promise<readonly string[]> =>
        (await keys.list(query)).rows.map(({ name }) => name);
      for (const name of ['one', 'two', 'three']) {
        await keys.create({ userId: 'ann', name });
        stage.clock.advance(1);
      }
      const soon = stage.epochNow() + 1000;
      await keys.create({ userId: 'bob', name: 'short', expiresAtMs: soon });
      const { rows } = await keys.list({ limit: 1 });
      await keys.revoke(rows[0]?.id ?? '');
      stage.clock.advance(2000);
      expect(await names({ limit: 9 })).toEqual(['one', 'two', 'three', 'short']);
      expect(await names({ limit: 9, userId: 'bob' })).toEqual(['short']);
      expect(await names({ limit: 9, status: 'active' })).toEqual(['two', 'three']);
      expect(await names({ limit: 9, status: 'expired' })).toEqual(['short']);
      expect(await names({ limit: 9, status: 'revoked', userId: 'ann' })).toEqual(['one']);
      expect(await names({ limit: 9, status: 'revoked', userId: 'bob' })).toEqual([]);
    });

    test('that are revoked stay so, since the first time', async () => {
      const { keys } = stage.accounts;
      const { key } = await keys.create({ userId: 'ann', name: 'laptop' });
      const revoked = await keys.revoke(key.id);
      stage.clock.advance(5000);
      expect(await keys.revoke(key.id)).toEqual(revoked);
      expect(toKeyStatus(revoked, stage.epochNow())).toBe('revoked');
      await expect(keys.revoke('key_none')).rejects.toMatchObject({ code: 'unknown' });
    });

    test('are not made for nobody, nor for a disabled user', async () => {
      const { keys, users } = stage.accounts;
      await expect(keys.create({ userId: 'nobody', name: 'x' })).rejects.toMatchObject({ code: 'unknown' });
      await users.change('ann', { disabled: true });
      await expect(keys.create({ userId: 'ann', name: 'x' })).rejects.toMatchObject({ code: 'conflict' });
    });
  });

  describe('credits', () => {
    beforeEach(async () => {
      await stage.accounts.users.create({ id: 'ann' });
    });

    test('are given once for one idempotency key, however often it is asked for', async () => {
      const { credits, users } = stage.accounts;
      const grant = { userId: 'ann', kind: 'grant', amountMicro: 100, idempotencyKey: 'k' } as const;
      const balances = await Promise.all([1, 2, 3].map(() => credits.change(grant)));
      expect(Math.max(...balances)).toBe(100);
      expect(await credits.change(grant)).toBe(100);
      expect(await users.get('ann')).toMatchObject({ granted_micro: 100 });
      await expect(credits.change({ ...grant, amountMicro: 200 })).rejects.toMatchObject({
        code: 'conflict',
      });
      await expect(credits.change({ ...grant, kind: 'adjust' })).rejects.toMatchObject({ code: 'conflict' });
      expect(await credits.change({ userId: 'ann', kind: 'grant', amountMicro: 1 })).toBe(101);
    });

    test('are not taken beyond what is left', async () => {
      const { credits } = stage.accounts;
      await credits.change({ userId: 'ann', kind: 'grant', amountMicro: 100 });
      await stage.ledger.settle(charge('r', { creditsMicro: 40 }));
      const take = (amountMicro: number) => credits.change({ userId: 'ann', kind: 'adjust', amountMicro });
      await expect(take(-61)).rejects.toMatchObject({ code: 'conflict' });
      expect(await take(-60)).toBe(0);
    });

    test('are not given to nobody: the ledger stays as it was', async () => {
      const give = stage.accounts.credits.change({ userId: 'nobody', kind: 'grant', amountMicro: 1 });
      await expect(give).rejects.toMatchObject({ code: 'unknown' });
      const [rows] = await stage.database.run({ table: 'ledger', operation: 'select' }, () => [
        { sql: 'select * from ledger', parameters: [] },
      ]);
      expect(rows).toEqual([]);
    });
  });

  describe('subscriptions', () => {
    beforeEach(async () => {
      await stage.accounts.users.create({ id: 'ann' });
      await stage.accounts.plans.create(PLAN);
    });
    const begin = () => stage.accounts.subscriptions.create({ userId: 'ann', planId: 'pro', endsAtMs: null });

    test('begin once and grant their credits once, however many ask at once', async () => {
      const begun = await Promise.all([begin(), begin(), begin()]);
      expect(new Set(begun.map(({ id }) => id)).size).toBe(1);
      expect(await stage.accounts.users.get('ann')).toMatchObject({
        plan_type: 'paid',
        granted_micro: PLAN.credits_micro,
      });
    });

    test('grant what a failure kept from being granted when they are asked for again', async () => {
      const { grant } = stage.ledger;
      stage.ledger.grant = () => Promise.reject(new Error('away'));
      await expect(begin()).rejects.toThrow('away');
      stage.ledger.grant = grant;
      await begin();
      expect(await stage.accounts.users.get('ann')).toMatchObject({ granted_micro: PLAN.credits_micro });
    });

    test('to another plan wait for the end of the first', async () => {
      const { plans, subscriptions, users } = stage.accounts;
      await plans.create({ ...PLAN, id: 'team', plan_type: 'team' });
      const first = await begin();
      const other = () => subscriptions.create({ userId: 'ann', planId: 'team', endsAtMs: null });
      await expect(other()).rejects.toMatchObject({ code: 'conflict' });
      expect(await subscriptions.cancel(first.id)).toMatchObject({ status: 'cancelled' });
      expect(await users.get('ann')).toMatchObject({ plan_type: 'free' });
      await other();
      await expect(subscriptions.cancel(first.id)).rejects.toMatchObject({ code: 'conflict' });
      expect(await users.get('ann')).toMatchObject({ plan_type: 'team' });
      expect((await subscriptions.list({ limit: 9, userId: 'ann' })).rows).toHaveLength(2);
    });
  });

  test('a user has one trial in a lifetime, which ends one way', async () => {
    const { trials, users } = stage.accounts;
    await users.create({ id: 'ann' });
    const trial = { userId: 'ann', endsAtMs: stage.epochNow() + DAY_MS, creditMicro: 7 };
    const begun = await Promise.all([trials.create(trial), trials.create(trial)]);
    expect(begun[0]?.id).toBe(begun[1]?.id);
    expect(await users.get('ann')).toMatchObject({ granted_micro: 7 });
    const id = begun[0]?.id ?? '';
    expect(await trials.end(id, 'converted')).toMatchObject({ status: 'converted' });
    await expect(trials.end(id, 'cancelled')).rejects.toMatchObject({ code: 'conflict' });
    await expect(trials.end('trial_none', 'cancelled')).rejects.toMatchObject({ code: 'unknown' });
    await expect(trials.create(trial)).rejects.toMatchObject({ code: 'conflict' });
  });

  test('the counts are of what there is, once what is over has ended', async () => {
    const { users, keys, plans, subscriptions, trials, credits, counts } = stage.accounts;
    expect(await counts()).toEqual({
      keys: [
        { status: 'active', count: 0 },
        { status: 'expired', count: 0 },
        { status: 'revoked', count: 0 },
      ],
      subscriptions: [],
      trials: ['active', 'converted', 'cancelled', 'expired'].map((status) => ({ status, count: 0 })),
      balances: [],
    });
    await plans.create(PLAN);
    const soon = stage.epochNow() + 1000;
    for (const id of ['ann', 'bob', 'eve']) {
      await users.create({ id });
      await keys.create({ userId: id, name: 'k', expiresAtMs: id === 'eve' ? soon : null });
      await credits.change({ userId: id, kind: 'grant', amountMicro: 100 });
    }
    await subscriptions.create({ userId: 'ann', planId: 'pro', endsAtMs: null });
    await subscriptions.create({ userId: 'bob', planId: 'pro', endsAtMs: soon });
    await trials.create({ userId: 'eve', endsAtMs: soon, creditMicro: 0 });
    stage.clock.advance(1000);
    const counted = await counts();
    expect(counted.keys).toContainEqual({ status: 'active', count: 2 });
    expect(counted.keys).toContainEqual({ status: 'expired', count: 1 });
    expect(counted.subscriptions).toEqual([{ planType: 'paid', billingCycle: 'monthly', count: 1 }]);
    expect(counted.trials).toContainEqual({ status: 'expired', count: 1 });
    expect(counted.trials).toContainEqual({ status: 'active', count: 0 });
    expect(counted.balances).toEqual([
      { planType: 'free', balanceMicro: PLAN.credits_micro + 200 },
      { planType: 'paid', balanceMicro: PLAN.credits_micro + 100 },
    ]);
  });
});
