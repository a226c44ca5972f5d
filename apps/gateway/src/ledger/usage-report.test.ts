import type { Database } from '@gatewayz/database';
import { type RunningPostgres, startPostgres, temporaryFolder } from '@gatewayz/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { streamUsageCsv } from '../http/admin/stream-usage-csv.ts';
import { charge, NOW_MS, openLedger } from './ledger-stage.ts';
import { reportUsage as reportPart, type UsageQuery, type UsageRow } from './usage-report.ts';

let postgres: RunningPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

const DAY_MS = 86_400_000;

function reportUsage(database: Database, query: UsageQuery): Promise<readonly UsageRow[]> {
  return reportPart(database, query, { limit: 100, after: null });
}

describe.each(['sqlite', 'postgres'] as const)('a report of usage on %s', (dialect) => {
  test('sums up the charges of the days asked for, by what is asked for', async () => {
    await using folder = await temporaryFolder();
    await using stage = await openLedger(dialect === 'postgres' ? postgres.url : null, folder.path);
    await stage.addUser('ann');
    await Promise.all([
      stage.ledger.settle(charge('a')),
      stage.ledger.settle(
        charge('b', { model: 'mixtral', costMicroUsd: null, creditsMicro: 0, isEstimated: true }),
      ),
      stage.ledger.settle(charge('c', { keyId: 'phone', creditsMicro: 5, costMicroUsd: 4 })),
      stage.ledger.settle(charge('d', { atMs: NOW_MS + DAY_MS })),
      stage.ledger.settle(charge('e', { userId: 'bob' })),
    ]);
    await stage.ledger.grant({ id: 'g', userId: 'ann', kind: 'grant', amountMicro: 9, atMs: NOW_MS });
    const ofAnn = { fromDay: '2026-01-31', toDay: '2026-01-31', userId: 'ann' };
    expect(await reportUsage(stage.database, { ...ofAnn, groupBy: [] })).toEqual([
      {
        group: {},
        requests: 3,
        inputTokens: 30,
        outputTokens: 15,
        cachedTokens: 6,
        reasoningTokens: 3,
        costMicroUsd: 1_000_004,
        unpricedRequests: 1,
        estimatedRequests: 1,
        creditsMicro: 1_000_005,
      },
    ]);
    expect(await reportUsage(stage.database, { ...ofAnn, groupBy: ['model', 'key'] })).toMatchObject([
      { group: { model: 'llama', key: 'laptop' }, requests: 1 },
      { group: { model: 'llama', key: 'phone' }, requests: 1 },
      { group: { model: 'mixtral', key: 'laptop' }, requests: 1, costMicroUsd: null },
    ]);
    const days = await reportUsage(stage.database, { ...ofAnn, toDay: '2026-02-01', groupBy: ['day'] });
    expect(days).toMatchObject([{ group: { day: '2026-01-31' } }, { group: { day: '2026-02-01' } }]);
    expect(await reportUsage(stage.database, { ...ofAnn, keyId: 'phone', groupBy: ['user'] })).toMatchObject([
      { group: { user: 'ann' }, creditsMicro: 5 },
    ]);
    expect(await reportUsage(stage.database, { ...ofAnn, userId: 'nobody', groupBy: [] })).toEqual([]);
  });

  test('is whole as CSV, however many parts it is read in, and each row is there once', async () => {
    await using folder = await temporaryFolder();
    await using stage = await openLedger(dialect === 'postgres' ? postgres.url : null, folder.path);
    await stage.addUser('csv');
    const charges = Array.from({ length: 60 }, (_, index) =>
      charge(`csv-${index}`, {
        userId: 'csv',
        atMs: NOW_MS + (index % 3) * DAY_MS,
        keyId: `key-${index % 7}`,
        model: `model-${index % 5}`,
      }),
    );
    await Promise.all(charges.map((one) => stage.ledger.settle(one)));
    const whole = { fromDay: '2026-01-31', toDay: '2026-02-03', userId: 'csv' };
    for (const groupBy of [['key', 'model'], ['day', 'model', 'key'], ['model'], []] as const) {
      const query = { ...whole, groupBy };
      const rows = await reportUsage(stage.database, query);
      const csv = async (part: number): Promise<string> =>
        (await (await streamUsageCsv(stage.database, query, part)).toArray()).join('');
      expect(await csv(4)).toBe(await csv(1000));
      expect((await csv(4)).trimEnd().split('\r\n')).toHaveLength(1 + rows.length);
    }
  });
});
