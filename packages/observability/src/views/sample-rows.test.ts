import { expect, test } from 'vitest';
import { SampleRows } from './sample-rows.ts';

function fill(intervalMs: number, count: number): SampleRows {
  const rows = new SampleRows();
  for (let index = 0; index < count; index += 1) {
    rows.push({ atMs: index * intervalMs, values: new Float64Array(0) });
  }
  return rows;
}

test('a day of samples is no more rows than an hour', () => {
  expect(fill(15_000, 5760).length).toBeLessThanOrEqual(80);
  expect(fill(15_000, 300).length).toBeLessThanOrEqual(80);
});

test('the last minutes are kept whole, the hour before by the minute', () => {
  const rows = fill(15_000, 1000);
  const lastMs = 999 * 15_000;
  expect(rows.since(lastMs - 300_000)).toHaveLength(21);
  const gaps = rows
    .since(lastMs - 3_600_000)
    .map(({ atMs }, index, all) => atMs - (all[index - 1]?.atMs ?? atMs));
  expect(Math.max(...gaps)).toBe(60_000);
  expect(rows.since(lastMs - 3_600_000)[0]?.atMs).toBeLessThanOrEqual(lastMs - 3_540_000);
});

test('rows are those from a moment on', () => {
  const rows = fill(1000, 5);
  expect(rows.since(2000).map(({ atMs }) => atMs)).toEqual([2000, 3000, 4000]);
  expect(rows.since(4001)).toEqual([]);
});
