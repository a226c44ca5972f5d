import type { Database } from '@gatewayz/database';
import { type RunningPostgres, startPostgres, temporaryFolder } from '@gatewayz/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { streamUsageCsv } from '../http/admin/stream-usage-csv.ts';
import { charge, NOW_MS, openLedger } from './ledger-stage.ts';
import { reportUsage as report, type UsageQuery, type UsageRow } from './usage-report.ts';

let postgres: RunningPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

const DAY_MS = 86_400_000;

async function reportUsage(
  database: Database,
  query: UsageQuery,
  rowsAtOnce = 5000,
): Promise<readonly UsageRow[]> {
  const rows = await report(database, query, { maxRows: 100, rowsAtOnce });
  return rows ?? Promise.reject(new Error('There are more rows than that.'));
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

  test('is the same in however many parts it is read, and as CSV, and each charge is in it once', async () => {
    await using folder = await temporaryFolder();
    await using stage = await openLedger(dialect === 'postgres' ? postgres.url : null, folder.path);
    await stage.addUser('csv');
    const charges = Array.from({ length: 60 }, (_, index) =>
      charge(`csv-${index}`, {
        userId: 'csv',
        // Some at the first and the last moment of a day, and several at the same one.
        atMs: Date.UTC(2026, 0, 31) + (index % 3) * DAY_MS - (index % 2) + Math.floor(index / 30),
        keyId: `key-${index % 7}`,
        model: `model-${index % 5}`,
        costMicroUsd: index % 5 === 0 ? null : index,
      }),
    );
    await Promise.all(charges.map((one) => stage.ledger.settle(one)));
    const whole = { fromDay: '2026-01-30', toDay: '2026-02-02', userId: 'csv' };
    for (const groupBy of [['key', 'model'], ['day', 'model', 'key'], ['model'], []] as const) {
      const query = { ...whole, groupBy };
      const rows = await reportUsage(stage.database, query);
      expect(rows.reduce((sum, { requests }) => sum + requests, 0)).toBe(60);
      for (const rowsAtOnce of [1, 4, 59, 60])
        expect(await reportUsage(stage.database, query, rowsAtOnce)).toEqual(rows);
      const csv = (await (await streamUsageCsv(stage.database, query)).toArray()).join('');
      expect(csv.trimEnd().split('\r\n')).toHaveLength(1 + rows.length);
    }
  });

  test('that has more groups than may be held is none', async () => {
    await using folder = await temporaryFolder();
    await using stage = await openLedger(dialect === 'postgres' ? postgres.url : null, folder.path);
    await stage.addUser('wide');
    const models = ['a', 'b', 'c'];
    await Promise.all(
      models.map((model, index) =>
        stage.ledger.settle(charge(`wide-${model}`, { userId: 'wide', model, atMs: NOW_MS + index })),
      ),
    );
    const query = { fromDay: '2026-01-31', toDay: '2026-01-31', userId: 'wide', groupBy: ['model'] } as const;
    for (const rowsAtOnce of [1, 5000]) {
      expect(await report(stage.database, query, { maxRows: 3, rowsAtOnce })).toHaveLength(3);
      expect(await report(stage.database, query, { maxRows: 2, rowsAtOnce })).toBeNull();
    }
    await expect(streamUsageCsv(stage.database, query, 2)).rejects.toMatchObject({
      details: { status: 400, code: 'report_too_large' },
    });
  });
});

test('on SQLite no statement of a report goes through more charges than may be, and writes come between', async () => {
  await using folder = await temporaryFolder();
  await using stage = await openLedger(null, folder.path);
  await stage.addUser('ann');
  const charges = Array.from({ length: 30 }, (_, index) => charge(`c-${index}`, { atMs: NOW_MS + index }));
  await Promise.all(charges.map((one) => stage.ledger.settle(one)));
  const sizes: number[] = [];
  let written = 0;
  const watched: Database = {
    ...stage.database,
    async run(label, write, durability) {
      const results = await stage.database.run(label, write, durability);
      const [row] = results[0] ?? [];
      if (row?.requests !== undefined) {
        sizes.push(Number(row.requests));
        await stage.ledger.settle(charge(`late-${written++}`, { atMs: NOW_MS - DAY_MS }));
      }
      return results;
    },
  };
  const query = { fromDay: '2026-01-31', toDay: '2026-01-31', userId: 'ann', groupBy: [] };
  expect(await reportUsage(watched, query, 8)).toMatchObject([{ requests: 30 }]);
  expect(sizes).toEqual([8, 8, 8, 6]);
});

test.each([
  { userId: 'ann', index: 'ledger_by_user' },
  { userId: undefined, index: 'ledger_by_time' },
])('on SQLite a report of user $userId finds its charges by $index', async ({ userId, index }) => {
  await using folder = await temporaryFolder();
  await using stage = await openLedger(null, folder.path);
  const plans: string[] = [];
  const explained: Database = {
    ...stage.database,
    async run(label, write, durability) {
      for (const { sql, parameters } of write()) {
        const explain = [{ sql: `explain query plan ${sql}`, parameters }];
        const [steps = []] = await stage.database.run(label, () => explain, durability);
        plans.push(steps.map(({ detail }) => String(detail)).join('; '));
      }
      return stage.database.run(label, write, durability);
    },
  };
  const query = { fromDay: '2026-01-31', toDay: '2026-01-31', userId, groupBy: ['model'] as const };
  await reportUsage(explained, query);
  const ofLedger = plans.filter((plan) => plan.includes('ledger'));
  expect(ofLedger).toHaveLength(2);
  for (const plan of ofLedger) expect(plan).toMatch(new RegExp(`SEARCH ledger USING .*INDEX ${index} `));
});
