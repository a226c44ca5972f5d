import { expect, test } from 'vitest';
import { sumByKey } from './sample-columns.ts';
import type { SampleColumns } from './schema.ts';

const HOUR_MS = 3_600_000;

const row = (provider: string, model: string, start_ms: number): SampleColumns => ({
  provider,
  model,
  start_ms,
  up_ms: 1,
  down_ms: 2,
  ok: 3,
  failed: 4,
  unknown: 5,
  maintenance: 6,
  latency_sum_ms: 7,
  latency_max_ms: start_ms / HOUR_MS,
});

test('rows of one target and stretch of time become one, in one order whatever order they came in', () => {
  const rows = [row('b', '', 0), row('a', 'x', 90_000), row('a', 'x', 60_000), row('a', '', HOUR_MS)];
  const sums = sumByKey(rows, HOUR_MS);
  expect(sums.map(({ provider, model, start_ms }) => [provider, model, start_ms])).toEqual([
    ['a', '', HOUR_MS],
    ['a', 'x', 0],
    ['b', '', 0],
  ]);
  expect(sums[1]).toEqual({
    ...row('a', 'x', 0),
    up_ms: 2,
    down_ms: 4,
    ok: 6,
    failed: 8,
    unknown: 10,
    maintenance: 12,
    latency_sum_ms: 14,
    latency_max_ms: 0.025,
  });
  expect(sumByKey(rows.toReversed(), HOUR_MS)).toEqual(sums);
  expect(rows[1]).toEqual(row('a', 'x', 90_000));
});
