import {
  type RunningPostgres,
  startPostgres,
  type TemporaryFolder,
  temporaryFolder,
} from '@gatewayz/testkit';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type AccountStage, openAccounts, PEPPER, START_MS } from './account-stage.ts';
import { type Accounts, createAccounts } from './accounts.ts';

let postgres: RunningPostgres;
let databases = 0;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

async function emptyPostgres(): Promise<string> {
  const client = new Client(postgres.url);
  await client.connect();
  const name = `grants_${databases++}`;
  await client.query(`create database ${name}`);
  await client.end();
  return postgres.url.replace(/\/postgres$/, `/${name}`);
}

const CREDITS = 30_000_000;
const PLAN = {
  id: 'pro',
  name: 'Pro',
  plan_type: 'paid',
  billing_cycle: 'monthly',
  price_micro_usd: 20_000_000,
  credits_micro: CREDITS,
};

describe.each(['sqlite', 'postgres'] as const)('credits of billing cycles on %s', (dialect) => {
  let folder: TemporaryFolder;
  let stage: AccountStage;

  beforeEach(async () => {
    folder = await temporaryFolder();
    const url = dialect === 'postgres' ? await emptyPostgres() : null;
    stage = await openAccounts(url, folder.path);
    await stage.accounts.plans.create(PLAN);
  });
  afterEach(async () => {
    await stage[Symbol.asyncDispose]();
    await folder.dispose();
  });

  /** Accounts of another process, or of this one after a new start. */
  const elsewhere = (): Accounts => {
    const { database, ledger, directory, epochNow } = stage;
    return createAccounts({ database, ledger, directory, epochNow, pepper: PEPPER });
  };
  /** Has a user subscribe, on the last day of January at 10:00. */
  const subscribe = async (userId: string, planId = 'pro', endsAtMs: number | null = null) => {
    await stage.accounts.users.create({ id: userId });
    return stage.accounts.subscriptions.create({ userId, planId, endsAtMs });
  };
  const goTo = (time: string) => {
    stage.clock.advance(Date.parse(time) - stage.epochNow());
  };
  const cyclesOf = async (userId: string): Promise<number> =>
    (await stage.accounts.users.get(userId)).granted_micro / CREDITS;

  test('are granted when a cycle begins, once, whoever looks and however often', async () => {
    await subscribe('ann');
    goTo('2026-02-28T09:59:59.999Z');
    await stage.accounts.grantDue();
    expect(await cyclesOf('ann')).toBe(1);
    goTo('2026-02-28T10:00:00Z');
    await Promise.all([stage.accounts, elsewhere(), elsewhere()].map((accounts) => accounts.grantDue()));
    expect(await cyclesOf('ann')).toBe(2);
    goTo('2026-03-31T10:00:00Z');
    for (const accounts of [stage.accounts, stage.accounts, elsewhere()]) await accounts.grantDue();
    expect(await cyclesOf('ann')).toBe(3);
  });

  test('that were missed are granted later, of each cycle that began before the end', async () => {
    const cancelled = await subscribe('ann');
    await subscribe('bob');
    await subscribe('eve', 'pro', Date.parse('2026-03-31T10:00:00Z'));
    goTo('2026-03-30T12:00:00Z');
    await stage.accounts.subscriptions.cancel(cancelled.id);
    goTo('2026-05-01T00:00:00Z');
    await stage.accounts.counts();
    await stage.accounts.grantDue();
    expect(await Promise.all(['ann', 'bob', 'eve'].map(cyclesOf))).toEqual([2, 4, 2]);
  });

  test('are those of the year where it is a year, and none follow where it is paid for once', async () => {
    await stage.accounts.plans.create({ ...PLAN, id: 'year', billing_cycle: 'yearly' });
    await stage.accounts.plans.create({ ...PLAN, id: 'once', billing_cycle: 'once' });
    await subscribe('ann', 'year');
    await subscribe('bob', 'once');
    goTo('2027-02-01T00:00:00Z');
    await stage.accounts.grantDue();
    expect([await cyclesOf('ann'), await cyclesOf('bob')]).toEqual([2, 1]);
  });

  test('that could not be granted are granted the next time', async () => {
    for (const userId of ['ann', 'bob', 'eve']) await subscribe(userId);
    goTo('2026-03-01T00:00:00Z');
    const grant = stage.ledger.grant.bind(stage.ledger);
    stage.ledger.grant = (change) =>
      change.userId === 'bob' ? Promise.reject(new Error('away')) : grant(change);
    await expect(stage.accounts.grantDue()).rejects.toThrow('away');
    stage.ledger.grant = grant;
    await stage.accounts.grantDue();
    expect(await Promise.all(['ann', 'bob', 'eve'].map(cyclesOf))).toEqual([2, 2, 2]);
  });

  test('that are more than can be counted are refused, and stop nobody else', async () => {
    for (const userId of ['ann', 'bob', 'eve']) await subscribe(userId);
    const amountMicro = Number.MAX_SAFE_INTEGER - CREDITS;
    await stage.accounts.credits.change({ userId: 'bob', kind: 'grant', amountMicro });
    goTo('2026-03-01T00:00:00Z');
    await expect(stage.accounts.grantDue()).rejects.toMatchObject({ code: 'conflict' });
    expect(await Promise.all(['ann', 'eve'].map(cyclesOf))).toEqual([2, 2]);
    expect(await stage.accounts.users.get('bob')).toMatchObject({ granted_micro: Number.MAX_SAFE_INTEGER });
  });

  test('are granted to every subscriber, of however many pages', async () => {
    const begun = START_MS.toString();
    await stage.database.run({ table: 'users', operation: 'insert' }, () =>
      Array.from({ length: 405 }, (_, index) => index).flatMap((index) => [
        {
          sql: `insert into users (id, name, plan_type, created_at_ms, granted_micro, charged_micro, reserved_micro)
            values ('user-${index}', 'x', 'paid', ${begun}, 0, 0, 0)`,
          parameters: [],
        },
        {
          sql: `insert into subscriptions (id, user_id, plan_id, plan_type, billing_cycle, status, started_at_ms)
            values ('sub-${index}', 'user-${index}', 'pro', 'paid', 'monthly', 'active', ${begun})`,
          parameters: [],
        },
      ]),
    );
    await stage.accounts.grantDue();
    const { balances } = await stage.accounts.counts();
    expect(balances).toEqual([{ planType: 'paid', balanceMicro: 405 * CREDITS }]);
  });
});
