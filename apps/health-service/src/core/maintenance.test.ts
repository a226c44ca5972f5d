import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  checkMaintenanceWindow,
  inMaintenance,
  type MaintenanceWindow,
  maintenanceOverlapMs,
  readTimeOfDay,
} from './maintenance.ts';

const HOUR_MS = 3_600_000;
const KEY = { provider: 'p', model: 'm' };
/** A Saturday. */
const SATURDAY = Date.UTC(2026, 0, 31);

const night: MaintenanceWindow = { kind: 'weekly', weekdays: [6], fromMinute: 22 * 60, toMinute: 2 * 60 };

test('a weekly window that passes midnight belongs to the day it begins on', () => {
  const at = (hours: number): boolean => inMaintenance([night], KEY, SATURDAY + hours * HOUR_MS);
  expect([at(0), at(1), at(21.99), at(22), at(25.99), at(26), at(46)]).toEqual([
    false,
    false,
    false,
    true,
    true,
    false,
    false,
  ]);
});

test('a window may last the whole day', () => {
  const day: MaintenanceWindow = { kind: 'weekly', weekdays: [6], fromMinute: 0, toMinute: 1440 };
  expect(maintenanceOverlapMs([day], KEY, SATURDAY - 24 * HOUR_MS, SATURDAY + 72 * HOUR_MS)).toBe(
    24 * HOUR_MS,
  );
});

test('an absolute window includes its beginning and not its end', () => {
  const window: MaintenanceWindow = { kind: 'absolute', fromEpochMs: 1000, toEpochMs: 2000 };
  expect([999, 1000, 1999, 2000].map((ms) => inMaintenance([window], KEY, ms))).toEqual([
    false,
    true,
    true,
    false,
  ]);
});

test('a window is for everything, for a provider with its models, or for one model', () => {
  const times = { kind: 'absolute', fromEpochMs: 0, toEpochMs: 10 } as const;
  const isCovered = (scope: object, key: { provider: string; model: string }): boolean =>
    inMaintenance([{ ...times, ...scope }], key, 5);
  expect(isCovered({}, KEY)).toBe(true);
  expect(isCovered({ provider: 'p' }, KEY)).toBe(true);
  expect(isCovered({ provider: 'p' }, { provider: 'q', model: 'm' })).toBe(false);
  expect(isCovered({ provider: 'p', model: 'm' }, KEY)).toBe(true);
  expect(isCovered({ provider: 'p', model: 'm' }, { provider: 'p', model: '' })).toBe(false);
});

test('the overlap is what counting minute by minute gives, however windows lie over each other', () => {
  const weekly = fc.record({
    kind: fc.constant('weekly' as const),
    weekdays: fc.uniqueArray(fc.nat(6), { minLength: 1 }),
    fromMinute: fc.nat(1439),
    toMinute: fc.integer({ min: 1, max: 1440 }),
  });
  const absolute = fc.tuple(fc.nat(4000), fc.integer({ min: 1, max: 3000 })).map(
    ([from, lasts]): MaintenanceWindow => ({
      kind: 'absolute',
      fromEpochMs: SATURDAY + from * 60_000,
      toEpochMs: SATURDAY + (from + lasts) * 60_000,
    }),
  );
  const windows = fc.array(fc.oneof<fc.Arbitrary<MaintenanceWindow>[]>(weekly, absolute), { maxLength: 4 });
  fc.assert(
    fc.property(windows, fc.nat(3000), fc.nat(3000), (list, from, lasts) => {
      const fromMs = SATURDAY + from * 60_000;
      let minutes = 0;
      for (let index = 0; index < lasts; index++) {
        if (inMaintenance(list, KEY, fromMs + index * 60_000)) minutes += 1;
      }
      expect(maintenanceOverlapMs(list, KEY, fromMs, fromMs + lasts * 60_000)).toBe(minutes * 60_000);
    }),
    { numRuns: 30 },
  );
});

test('times of the day are read, and what is none is refused', () => {
  expect(['00:00', '22:30', '24:00'].map(readTimeOfDay)).toEqual([0, 1350, 1440]);
  expect(['24:01', '9:00', '12:60', 'noon', ''].map(readTimeOfDay)).toEqual([null, null, null, null, null]);
});

test('a window that makes no sense is refused with its field', () => {
  const check = (window: MaintenanceWindow) => (): void => checkMaintenanceWindow(window);
  expect(check({ kind: 'absolute', fromEpochMs: 5, toEpochMs: 5 })).toThrow('toEpochMs');
  expect(check({ ...night, weekdays: [7] } as MaintenanceWindow)).toThrow('weekdays');
  expect(check({ ...night, weekdays: [] } as MaintenanceWindow)).toThrow('weekdays');
  expect(check({ ...night, model: 'm' })).toThrow('provider');
  checkMaintenanceWindow(night);
});
