import { type RunningPostgres, startPostgres, temporaryFolder } from '@gatewayz/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { charge } from '../ledger/ledger-stage.ts';
import { openAccounts } from './account-stage.ts';

let postgres: RunningPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

describe.each(['sqlite', 'postgres'] as const)('credits by hand on %s', (dialect) => {
  const url = (): string | null => (dialect === 'postgres' ? postgres.url : null);

  test('that are taken back by several at once are not taken twice', async () => {
    await using folder = await temporaryFolder();
    await using stage = await openAccounts(url(), folder.path);
    const { users, credits } = stage.accounts;
    await users.create({ id: 'ann' });
    await credits.change({ userId: 'ann', kind: 'grant', amountMicro: 100 });
    const changes = Array.from({ length: 4 }, () =>
      credits.change({ userId: 'ann', kind: 'adjust', amountMicro: -100 }),
    );
    const results = await Promise.allSettled(changes);
    const reasons = results.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    expect(reasons).toHaveLength(3);
    for (const reason of reasons) expect(reason).toMatchObject({ name: 'AccountError', code: 'conflict' });
    expect(await users.get('ann')).toMatchObject({ granted_micro: 0 });
  });

  test('are not taken beyond what a charge has left that came between', async () => {
    await using folder = await temporaryFolder();
    await using stage = await openAccounts(url(), folder.path);
    const { users, credits } = stage.accounts;
    await users.create({ id: 'eve' });
    await credits.change({ userId: 'eve', kind: 'grant', amountMicro: 100 });
    const goOn = stage.front.holdNext();
    const taking = credits.change({ userId: 'eve', kind: 'adjust', amountMicro: -50 });
    await stage.ledger.settle(charge(`between-${dialect}`, { userId: 'eve', creditsMicro: 60 }));
    goOn();
    await expect(taking).rejects.toMatchObject({ name: 'AccountError', code: 'conflict' });
    expect(await users.get('eve')).toMatchObject({ granted_micro: 100, charged_micro: 60 });
    expect(await credits.change({ userId: 'eve', kind: 'adjust', amountMicro: -40 })).toBe(0);
  });

  test('are given to who owes, and not taken: only charges take a balance below zero', async () => {
    await using folder = await temporaryFolder();
    await using stage = await openAccounts(url(), folder.path);
    const { users, credits } = stage.accounts;
    await users.create({ id: 'dan' });
    await credits.change({ userId: 'dan', kind: 'grant', amountMicro: 100 });
    await stage.ledger.settle(charge(`dear-${dialect}`, { userId: 'dan', creditsMicro: 150 }));
    const take = credits.change({ userId: 'dan', kind: 'adjust', amountMicro: -1 });
    await expect(take).rejects.toMatchObject({ code: 'conflict' });
    expect(await credits.change({ userId: 'dan', kind: 'adjust', amountMicro: 10 })).toBe(-40);
  });

  test('are given or taken under one idempotency key, and not both', async () => {
    await using folder = await temporaryFolder();
    await using stage = await openAccounts(url(), folder.path);
    const { users, credits } = stage.accounts;
    await users.create({ id: 'fay' });
    await credits.change({ userId: 'fay', kind: 'grant', amountMicro: 100 });
    const changes = [
      { userId: 'fay', kind: 'grant', amountMicro: 7, idempotencyKey: 'k' },
      { userId: 'fay', kind: 'adjust', amountMicro: -7, idempotencyKey: 'k' },
    ] as const;
    const results = await Promise.allSettled(changes.map((change) => credits.change(change)));
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    const [given] = results;
    expect(await users.get('fay')).toMatchObject({ granted_micro: given?.status === 'fulfilled' ? 107 : 93 });
  });

  test('that are given by several at once are no more than can be counted', async () => {
    await using folder = await temporaryFolder();
    await using stage = await openAccounts(url(), folder.path);
    const { users, credits } = stage.accounts;
    await users.create({ id: 'gil' });
    const third = (Number.MAX_SAFE_INTEGER - 1) / 3;
    const gifts = Array.from({ length: 8 }, () =>
      credits.change({ userId: 'gil', kind: 'grant', amountMicro: third }),
    );
    const results = await Promise.allSettled(gifts);
    const reasons = results.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    expect(reasons).toHaveLength(5);
    for (const reason of reasons) expect(reason).toMatchObject({ name: 'AccountError', code: 'conflict' });
    expect(await users.get('gil')).toMatchObject({ granted_micro: 3 * third });
    expect(await credits.change({ userId: 'gil', kind: 'grant', amountMicro: 1 })).toBe(
      Number.MAX_SAFE_INTEGER,
    );
    const trial = { userId: 'gil', endsAtMs: stage.epochNow() + 1000, creditMicro: 1 };
    await expect(stage.accounts.trials.create(trial)).rejects.toMatchObject({ code: 'conflict' });
  });

  test('are no more than can be counted', async () => {
    await using folder = await temporaryFolder();
    await using stage = await openAccounts(url(), folder.path);
    const { users, credits } = stage.accounts;
    await users.create({ id: 'bob' });
    const all = { userId: 'bob', kind: 'grant', amountMicro: Number.MAX_SAFE_INTEGER } as const;
    expect(await credits.change(all)).toBe(Number.MAX_SAFE_INTEGER);
    await expect(credits.change({ ...all, amountMicro: 1 })).rejects.toMatchObject({ code: 'conflict' });
    expect(await users.get('bob')).toMatchObject({ granted_micro: Number.MAX_SAFE_INTEGER });
  });
});
