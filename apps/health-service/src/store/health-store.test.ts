import type { QueryEvent } from '@gatewayz/database';
import type { RunningPostgres } from '@gatewayz/testkit';
import { startPostgres } from '@gatewayz/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { HealthStore } from './health-store.ts';
import type { OpenedStore } from './store-kinds.ts';
import { incident, minute, START_MS, storeKinds } from './store-kinds.ts';

let postgres: RunningPostgres;

beforeAll(async () => {
  postgres = await startPostgres();
});

afterAll(() => postgres.stop());

describe.each(storeKinds(() => postgres))('a health store on $name', (kind) => {
  let opened: OpenedStore;
  let store: HealthStore;
  let events: QueryEvent[];

  beforeEach(async () => {
    events = [];
    opened = await kind.open((event) => events.push(event));
    store = opened.store;
    return () => opened[Symbol.asyncDispose]();
  });

  it('gives incidents back as they were put, and replaces by id', async () => {
    await store.putIncident(incident('a'));
    expect(await store.incident('a')).toEqual(incident('a'));
    expect(await store.incident('b\0')).toBeNull();
    const resolved = incident('a', { status: 'resolved', resolvedAtMs: START_MS + 9, evidence: [] });
    expect((await store.openIncidents()).map(({ id }) => id)).toEqual(['a']);
    await store.putIncident(resolved);
    expect(await store.incident('a')).toEqual(resolved);
    expect(await store.openIncidents()).toEqual([]);
  });

  it('lists incidents newest first, filtered, page by page, with ties in their opening times', async () => {
    for (let index = 0; index < 7; index++) {
      await store.putIncident(
        incident(`i${index}`, {
          openedAtMs: START_MS + Math.floor(index / 3),
          status: index === 6 ? 'acknowledged' : index % 2 === 0 ? 'open' : 'resolved',
          severity: index === 0 ? 'low' : 'high',
          provider: index === 1 ? 'other' : 'groq',
          absorbedInto: index === 5 ? 'i6' : null,
        }),
      );
    }
    const ids = async (query: Parameters<HealthStore['incidents']>[0]): Promise<string> =>
      (await store.incidents(query)).map(({ id }) => id.slice(1)).join('');
    expect(await ids({ limit: 3 })).toBe('654');
    expect(await ids({ limit: 3, before: 'i4' })).toBe('321');
    expect(await ids({ limit: 3, before: 'i1' })).toBe('0');
    expect(await ids({ limit: 3, before: 'nobody\0' })).toBe('');
    expect(await ids({ limit: 9, statuses: ['open', 'acknowledged'], severities: [] })).toBe('6420');
    expect(await ids({ limit: 9, severities: ['low'] })).toBe('0');
    expect(await ids({ limit: 9, provider: 'other' })).toBe('1');
    expect(await ids({ limit: 3, absorbed: false })).toBe('643');
    expect(await ids({ limit: 3, absorbed: false, before: 'i5' })).toBe('432');
    expect((await store.openIncidents()).map(({ id }) => id)).toEqual(['i6', 'i4', 'i2', 'i0']);
  });

  it('adds up what a provider spent on a day, exactly, under 100 additions at once', async () => {
    expect(await store.budget('groq', '2026-01-31')).toEqual({ tokens: 0, microUsd: 0 });
    const sums = await Promise.all(
      Array.from({ length: 100 }, () => store.addSpent('groq', '2026-01-31', 16, 3)),
    );
    const byTokens = sums.map(({ tokens }) => tokens).sort((a, b) => a - b);
    expect(byTokens).toEqual(Array.from({ length: 100 }, (_, index) => 16 * (index + 1)));
    await store.addSpent('groq', '2026-02-01', 1, 0);
    expect(await store.budget('groq', '2026-01-31')).toEqual({ tokens: 1600, microUsd: 300 });
    await expect(store.addSpent('groq', '2026-02-01', 0.5, 0)).rejects.toMatchObject({ code: 'invalid' });
    await expect(store.addSpent('groq', '2026-02-01', 1, -1)).rejects.toMatchObject({ code: 'invalid' });
  });

  it('finds everything again after it was closed and opened', async () => {
    await store.addSamples([minute(0, { ok: 1 })]);
    await store.putIncident(incident('a'));
    await store.addSpent('groq', '2026-01-31', 1, 2);
    const again = await opened.reopen();
    expect(await again.minuteRows(0, START_MS + 1)).toEqual([minute(0, { ok: 1 })]);
    expect(await again.incident('a')).toEqual(incident('a'));
    expect(await again.budget('groq', '2026-01-31')).toEqual({ tokens: 1, microUsd: 2 });
  });

  it('reports each call with its table, its operation, its time and how it went', async () => {
    events.length = 0;
    await store.ping();
    await store.addSamples([minute(0, { ok: 1 })]);
    await store.totals('hours', 0, 1);
    await store.addSpent('groq', '2026-01-31', -1, 0).catch(() => {});
    await store.openIncidents();
    await store.prune(0);
    expect(events.map(({ table, operation, error }) => `${table} ${operation} ${error}`)).toEqual([
      'none ping null',
      'minute_rows upsert null',
      'hour_rows select null',
      'budgets upsert invalid',
      'incidents select null',
      'minute_rows delete null',
    ]);
    for (const { seconds } of events) expect(seconds).toBeGreaterThan(0);
  });

  it('finishes what is under way when it is closed, and refuses what comes later', async () => {
    const writes = Array.from({ length: 50 }, () => store.addSpent('groq', '2026-01-31', 1, 0));
    await Promise.all([store.close(), store.close()]);
    expect((await Promise.all(writes)).length).toBe(50);
    await expect(store.ping()).rejects.toMatchObject({ code: 'closed' });
    expect(await (await opened.reopen()).budget('groq', '2026-01-31')).toEqual({ tokens: 50, microUsd: 0 });
  });

  it('survives a listener that throws', async () => {
    await using other = await kind.open(() => {
      throw new Error('a listener at fault');
    });
    await other.store.ping();
  });
});
