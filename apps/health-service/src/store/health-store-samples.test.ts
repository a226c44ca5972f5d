import type { RunningPostgres } from '@gatewayz/testkit';
import { startPostgres } from '@gatewayz/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { MinuteRow } from '../core/types.ts';
import type { HealthStore } from './health-store.ts';
import type { OpenedStore } from './store-kinds.ts';
import { minute, START_MS, storeKinds } from './store-kinds.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let postgres: RunningPostgres;

beforeAll(async () => {
  postgres = await startPostgres();
});

afterAll(() => postgres.stop());

describe.each(storeKinds(() => postgres))('samples in a health store on $name', (kind) => {
  let opened: OpenedStore;
  let store: HealthStore;

  beforeEach(async () => {
    opened = await kind.open(() => {});
    store = opened.store;
    return () => opened[Symbol.asyncDispose]();
  });

  it('adds samples to the minute that they fall into, and to its hour', async () => {
    await store.addSamples([minute(0, { ok: 2, upMs: 50_000, latencySumMs: 30.5, latencyMaxMs: 20 })]);
    await store.addSamples([
      minute(0, { ok: 1, failed: 1, downMs: 7, latencySumMs: 9.25, latencyMaxMs: 25 }),
      minute(0, { unknown: 4, maintenance: 5, latencyMaxMs: 3 }),
      minute(59, { ok: 10, upMs: 3 * HOUR_MS, latencyMaxMs: 1 }),
    ]);
    const first = minute(0, {
      ok: 3,
      failed: 1,
      unknown: 4,
      maintenance: 5,
      upMs: 50_000,
      downMs: 7,
      latencySumMs: 39.75,
      latencyMaxMs: 25,
    });
    expect(await store.minuteRows(START_MS, START_MS + HOUR_MS)).toEqual([
      first,
      minute(59, { ok: 10, upMs: 3 * HOUR_MS, latencyMaxMs: 1 }),
    ]);
    const { minuteEpochMs, ...counts } = first;
    expect(await store.hourRows(START_MS, START_MS + 1)).toEqual([
      { ...counts, hourEpochMs: minuteEpochMs, ok: 13, upMs: 3 * HOUR_MS + 50_000 },
    ]);
  });

  it('reads half-open ranges, ordered by time, provider and model, and filters', async () => {
    const rows = [
      minute(0, { providerName: 'B' }),
      minute(0, { providerName: 'a', modelName: '' }),
      minute(0, { providerName: 'a', modelName: 'x' }),
      minute(1, { providerName: 'B' }),
      minute(2, { providerName: 'B' }),
    ];
    await store.addSamples(rows.toReversed());
    expect(await store.minuteRows(START_MS, START_MS + 120_000)).toEqual(rows.slice(0, 4));
    expect(await store.minuteRows(START_MS + 1, START_MS + DAY_MS, { providerName: 'B' })).toEqual(
      rows.slice(3),
    );
    expect(await store.minuteRows(0, START_MS + 1, { modelName: '' })).toEqual([rows[1]]);
    expect(await store.hourRows(START_MS + 1, START_MS + DAY_MS)).toEqual([]);
  });

  it('adds up ranges of minutes and of hours by target', async () => {
    await store.addSamples([
      minute(0, { ok: 1, upMs: 5, latencySumMs: 1.5, latencyMaxMs: 1 }),
      minute(61, { ok: 2, downMs: 6, latencySumMs: 2, latencyMaxMs: 4 }),
      minute(61, { providerName: 'a', failed: 3 }),
      minute(600, { ok: 100 }),
    ]);
    const { minuteEpochMs: _, ...llama } = minute(0, {
      ok: 3,
      upMs: 5,
      downMs: 6,
      latencySumMs: 3.5,
      latencyMaxMs: 4,
    });
    const { minuteEpochMs: __, ...other } = minute(0, { providerName: 'a', failed: 3 });
    for (const of of ['minutes', 'hours'] as const) {
      expect(await store.totals(of, START_MS, START_MS + 2 * HOUR_MS)).toEqual([other, llama]);
    }
    expect(await store.totals('hours', START_MS, START_MS + DAY_MS, { providerName: 'a' })).toEqual([other]);
    expect(await store.totals('minutes', 0, START_MS)).toEqual([]);
  });

  it('keeps every count of a flush of 900 targets, and of many small ones at once', async () => {
    const rows = Array.from({ length: 900 }, (_, index) => minute(0, { modelName: `m${index}`, ok: 1 }));
    await Promise.all([rows, rows.toReversed(), ...rows.map((row) => [row])].map((s) => store.addSamples(s)));
    const stored = await store.minuteRows(START_MS, START_MS + 1);
    expect(stored).toHaveLength(900);
    expect(new Set(stored.map(({ ok }) => ok))).toEqual(new Set([3]));
    const hours = await store.hourRows(START_MS, START_MS + 1);
    expect(hours.reduce((sum, { ok }) => sum + ok, 0)).toBe(2700);
  });

  it('takes none of a list of samples of which one is no sample', async () => {
    const broken: readonly Partial<MinuteRow>[] = [
      { ok: -1 },
      { ok: 0.5 },
      { upMs: Number.NaN },
      { latencySumMs: Number.POSITIVE_INFINITY },
      { minuteEpochMs: START_MS + 1 },
    ];
    for (const row of broken) {
      await expect(store.addSamples([minute(0, { ok: 1 }), minute(0, row)])).rejects.toMatchObject({
        code: 'invalid',
      });
    }
    await store.addSamples([]);
    expect(await store.minuteRows(0, START_MS + DAY_MS)).toEqual([]);
  });

  it('keeps names that no database likes', async () => {
    const modelName = `a'"; drop table minute_rows; -- \0 \ud800 ü 💥 ${'x'.repeat(1000)}`;
    await store.addSamples([minute(0, { modelName, ok: 1 })]);
    await store.addSamples([minute(0, { modelName, ok: 1 })]);
    const [row] = await store.minuteRows(START_MS, START_MS + 1, { modelName });
    expect(row?.ok).toBe(2);
    expect(row?.modelName).toBe(modelName.replace('\0', '\uFFFD').replace('\ud800', '\uFFFD'));
  });

  it('removes minutes after 30 days, keeps the hours, and still takes late samples', async () => {
    const later = [minute(0, { ok: 1 }), minute(59, { ok: 1 }), minute(60, { ok: 1 })];
    await store.addSamples(later);
    await store.prune(START_MS + 30 * DAY_MS + HOUR_MS - 1);
    expect(await store.minuteRows(0, START_MS + DAY_MS)).toEqual(later);
    const again = [store, store, kind.isShared ? await opened.reopen() : store];
    await Promise.all(again.map((each) => each.prune(START_MS + 30 * DAY_MS + HOUR_MS)));
    expect(await store.minuteRows(0, START_MS + DAY_MS)).toEqual([later[2]]);
    await store.addSamples([minute(1, { ok: 5 })]);
    await store.prune(START_MS + 30 * DAY_MS + HOUR_MS);
    const hours = await store.hourRows(START_MS, START_MS + DAY_MS);
    expect(hours.map(({ ok }) => ok)).toEqual([7, 1]);
  });
});
