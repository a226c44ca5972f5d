import { expect, test } from 'vitest';
import { cycleStarts } from './cycle-starts.ts';

const starts = (cycle: string, start: string, until: string): readonly string[] =>
  cycleStarts(cycle, Date.parse(start), Date.parse(until)).map((ms) => new Date(ms).toISOString());

test('months begin at the hour of the first, the 31st being the last day where there is none', () => {
  expect(starts('monthly', '2026-10-31T22:30:00.500Z', '2027-03-31T22:30:00.500Z')).toEqual([
    '2026-10-31T22:30:00.500Z',
    '2026-11-30T22:30:00.500Z',
    '2026-12-31T22:30:00.500Z',
    '2027-01-31T22:30:00.500Z',
    '2027-02-28T22:30:00.500Z',
    '2027-03-31T22:30:00.500Z',
  ]);
});

test('years begin on the same day, the 29th of February on the 28th until there is one', () => {
  expect(starts('yearly', '2028-02-29T00:00:00.000Z', '2032-02-29T00:00:00.000Z')).toEqual([
    '2028-02-29T00:00:00.000Z',
    '2029-02-28T00:00:00.000Z',
    '2030-02-28T00:00:00.000Z',
    '2031-02-28T00:00:00.000Z',
    '2032-02-29T00:00:00.000Z',
  ]);
});

test('a cycle has begun at its first millisecond, not before', () => {
  expect(starts('monthly', '2026-01-15T10:00:00Z', '2026-02-15T09:59:59.999Z')).toHaveLength(1);
  expect(starts('monthly', '2026-01-15T10:00:00Z', '2026-02-15T10:00:00Z')).toHaveLength(2);
  expect(starts('monthly', '2026-01-15T10:00:00Z', '2026-01-15T09:59:59.999Z')).toEqual([]);
});

test('what is paid for once has one cycle', () => {
  expect(starts('once', '2026-01-15T10:00:00Z', '2036-01-15T10:00:00Z')).toHaveLength(1);
});
