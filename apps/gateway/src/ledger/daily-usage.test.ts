import { type Database, SqlError } from '@gatewayz/database';
import { type RunningPostgres, startPostgres, temporaryFolder } from '@gatewayz/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDailyUsage, type DailyUsage, type FreeUsage } from './daily-usage.ts';
import { charge, NOW_MS, openLedger } from './ledger-stage.ts';
import { reportUsage } from './usage-report.ts';

let postgres: RunningPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

const DAY_MS = 86_400_000;

function used(part: Partial<FreeUsage> = {}): FreeUsage {
  const { keyId, atMs, provider, model, usage, costMicroUsd, isEstimated } = charge('', { keyId: 'static' });
  return { keyId, atMs, provider, model, usage, costMicroUsd, isEstimated, ...part };
}

describe.each(['sqlite', 'postgres'] as const)('usage that nobody pays for, on %s', (dialect) => {
  async function openStage() {
    const folder = await temporaryFolder();
    const stage = await openLedger(dialect === 'postgres' ? postgres.url : null, folder.path);
    const troubles: string[] = [];
    const sums: DailyUsage[] = [];
    const keyId = `static-${folder.path}`;
    return {
      ...stage,
      troubles,
      keyId,
      create(database: Database = stage.database): DailyUsage {
        const options = { database, flushMs: 60_000, onTrouble: (message: string) => troubles.push(message) };
        const one = createDailyUsage(options);
        sums.push(one);
        return one;
      },
      report: (groupBy: readonly ('day' | 'model' | 'user')[] = []) =>
        reportUsage(
          stage.database,
          { fromDay: '2026-01-31', toDay: '2026-02-01', groupBy, keyId },
          { maxRows: 100 },
        ),
      async [Symbol.asyncDispose]() {
        await Promise.all(sums.map((one) => one.close()));
        await stage[Symbol.asyncDispose]();
        await folder.dispose();
      },
    };
  }

  test('is summed up by day and model, by several processes, and reported beside what is paid for', async () => {
    await using stage = await openStage();
    const { keyId } = stage;
    const [here, there] = [stage.create(), stage.create()];
    for (const one of [here, there, here]) {
      one.add(used({ keyId }));
      one.add(used({ keyId, model: 'mixtral', costMicroUsd: null, isEstimated: true }));
      expect(await one.flush()).toBe(true);
    }
    here.add(used({ keyId, atMs: NOW_MS + DAY_MS, costMicroUsd: 4 }));
    await here.flush();
    await stage.addUser(keyId);
    await stage.ledger.settle(charge(keyId, { keyId, userId: keyId, creditsMicro: 7, costMicroUsd: 5 }));
    expect(await stage.report()).toEqual([
      {
        group: {},
        requests: 8,
        inputTokens: 80,
        outputTokens: 40,
        cachedTokens: 16,
        reasoningTokens: 8,
        costMicroUsd: 3_000_009,
        unpricedRequests: 3,
        estimatedRequests: 3,
        creditsMicro: 7,
      },
    ]);
    expect(await stage.report(['day', 'model', 'user'])).toMatchObject([
      { group: { day: '2026-01-31', model: 'llama', user: '' }, requests: 3, costMicroUsd: 3_000_000 },
      { group: { day: '2026-01-31', model: 'llama', user: keyId }, requests: 1, costMicroUsd: 5 },
      { group: { day: '2026-01-31', model: 'mixtral', user: '' }, requests: 3, costMicroUsd: null },
      { group: { day: '2026-02-01', model: 'llama', user: '' }, requests: 1, costMicroUsd: 4 },
    ]);
  });

  test('is in the sums once, whatever became of an earlier try of the same batch', async () => {
    await using stage = await openStage();
    const { keyId } = stage;
    const fate: ('lost' | 'unseen' | 'written')[] = ['lost', 'unseen', 'unseen', 'written', 'unseen'];
    const unsure: Database = {
      ...stage.database,
      async run(label, write, durability) {
        const now = fate.shift() ?? 'written';
        const rows = now === 'lost' ? [] : await stage.database.run(label, write, durability);
        if (now !== 'written') throw new SqlError('timeout', 'no answer in time');
        return rows;
      },
    };
    const sums = stage.create(unsure);
    sums.add(used({ keyId }));
    expect(await sums.flush()).toBe(false);
    sums.add(used({ keyId }));
    for (const isKnown of [false, false, true, false, true]) expect(await sums.flush()).toBe(isKnown);
    expect(await stage.report()).toMatchObject([{ requests: 2 }]);
    expect(stage.troubles).toHaveLength(2);
  });

  test('is written at the end, and where that cannot be, that is said', async () => {
    await using stage = await openStage();
    const { keyId } = stage;
    const [written, lost] = [stage.create(), stage.create()];
    written.add(used({ keyId }));
    await written.close();
    expect(await stage.report()).toMatchObject([{ requests: 1 }]);
    lost.add(used({ keyId }));
    await stage.database.close();
    await lost.close();
    expect(stage.troubles.at(-1)).toBe('usage of keys of the configuration was lost');
  });
});
