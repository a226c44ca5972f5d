import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { HourRow, MinuteRow, RowCounts } from './types.ts';
import {
  joinRows,
  providerCounts,
  sumUptime,
  type TimedRow,
  UPTIME_WINDOWS,
  uptimeBuckets,
  uptimeOf,
  uptimeRatio,
} from './uptime.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const NOW = Date.UTC(2026, 0, 31, 12, 30);

const counts = (more: Partial<RowCounts> = {}): RowCounts => ({
  upMs: 0,
  downMs: 0,
  ok: 0,
  failed: 0,
  unknown: 0,
  maintenance: 0,
  latencySumMs: 0,
  latencyMaxMs: 0,
  ...more,
});
const minute = (minuteEpochMs: number, more: Partial<RowCounts>, modelName = 'm'): MinuteRow => ({
  providerName: 'p',
  modelName,
  minuteEpochMs,
  ...counts(more),
});
const hour = (hourEpochMs: number, more: Partial<RowCounts>): HourRow => ({
  providerName: 'p',
  modelName: 'm',
  hourEpochMs,
  ...counts(more),
});
const at = (agoMs: number, upMs: number, downMs: number): TimedRow => ({
  ...counts({ upMs, downMs }),
  startMs: NOW - agoMs,
});

test('without evidence there is no uptime, and unknown or planned results are none', () => {
  expect(uptimeRatio(counts({ unknown: 5, maintenance: 7 }))).toBeNull();
  expect(uptimeOf([], NOW)).toEqual({ '5m': null, '1h': null, '24h': null, '7d': null, '30d': null });
});

test('known time decides, and results only while there is none', () => {
  expect(uptimeRatio(counts({ upMs: 75, downMs: 25, ok: 1, failed: 99 }))).toBe(0.75);
  expect(uptimeRatio(counts({ ok: 3, failed: 1 }))).toBe(0.75);
});

test('each window sees the rows that begin in it', () => {
  const rows = [
    at(MINUTE_MS, 0, 10),
    at(30 * MINUTE_MS, 10, 0),
    at(5 * HOUR_MS, 20, 0),
    at(100 * HOUR_MS, 40, 0),
    at(600 * HOUR_MS, 80, 0),
  ];
  expect(uptimeOf(rows, NOW)).toEqual({
    '5m': 0,
    '1h': 10 / 20,
    '24h': 30 / 40,
    '7d': 70 / 80,
    '30d': 150 / 160,
  });
});

test('rows of the future and rows beyond 30 days are in no window', () => {
  expect(Object.values(uptimeOf([at(-1, 5, 0), at(721 * HOUR_MS, 5, 0)], NOW))).toEqual(
    UPTIME_WINDOWS.map(() => null),
  );
});

test('a minute whose hour has been rolled up counts once', () => {
  const start = Math.floor(NOW / HOUR_MS) * HOUR_MS;
  const rows = joinRows(
    [
      minute(start - HOUR_MS + MINUTE_MS, { upMs: 10 }),
      minute(start + MINUTE_MS, { downMs: 10 }),
      minute(start - HOUR_MS, { upMs: 3 }, 'other'),
    ],
    [hour(start - HOUR_MS, { upMs: 10 })],
  );
  expect(sumUptime(rows)).toEqual({ upMs: 13, downMs: 10, ok: 0, failed: 0 });
});

test('buckets hold each row once, and a bucket without one is null', () => {
  const rows = [
    at(3 * HOUR_MS, 1, 1),
    at(3 * HOUR_MS - 1, 2, 0),
    at(MINUTE_MS, 0, 4),
    at(0, 9, 9),
    at(4 * HOUR_MS, 9, 9),
  ];
  expect(uptimeBuckets(rows, NOW - 3 * HOUR_MS, NOW, HOUR_MS).map(({ uptime }) => uptime)).toEqual([
    0.75,
    null,
    0,
  ]);
  expect(() => uptimeBuckets(rows, 0, NOW, 0)).toThrow('bucketMs');
  expect(() => uptimeBuckets(rows, 0, NOW, 1)).toThrow('10000');
});

test('however rows are cut into hours and minutes, the uptime of the long windows is the same', () => {
  const row = fc.record({ agoMinutes: fc.nat(600), upMs: fc.nat(60_000), downMs: fc.nat(60_000) });
  fc.assert(
    fc.property(fc.array(row, { maxLength: 50 }), fc.nat(10), (made, rolledUp) => {
      const minutes = made.map(({ agoMinutes, upMs, downMs }) =>
        minute(Math.floor(NOW / MINUTE_MS - agoMinutes) * MINUTE_MS, { upMs, downMs }),
      );
      const untilMs = Math.floor(NOW / HOUR_MS - rolledUp) * HOUR_MS;
      const hours = new Map<number, HourRow>();
      for (const one of minutes.filter(({ minuteEpochMs }) => minuteEpochMs < untilMs)) {
        const startMs = Math.floor(one.minuteEpochMs / HOUR_MS) * HOUR_MS;
        const known = hours.get(startMs) ?? hour(startMs, {});
        hours.set(startMs, { ...known, upMs: known.upMs + one.upMs, downMs: known.downMs + one.downMs });
      }
      const whole = uptimeOf(joinRows(minutes, []), NOW);
      expect(uptimeOf(joinRows(minutes, [...hours.values()]), NOW)['24h']).toEqual(whole['24h']);
    }),
  );
});

test("a provider's own evidence goes before its models', which stand in where it has none", () => {
  const own = { upMs: 1, downMs: 1, ok: 0, failed: 0 };
  const none = { upMs: 0, downMs: 0, ok: 0, failed: 0 };
  expect(providerCounts(own, [counts({ upMs: 100 })])).toEqual(own);
  expect(uptimeRatio(providerCounts(none, [counts({ upMs: 100 }), counts({ downMs: 100 })]))).toBe(0.5);
});
