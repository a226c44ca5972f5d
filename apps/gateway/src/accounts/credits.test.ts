import { type RunningPostgres, startPostgres, temporaryFolder } from '@gatewayz/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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
