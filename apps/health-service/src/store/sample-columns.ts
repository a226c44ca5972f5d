import { SqlError, type SqlRow, toStorableText } from '@gatewayz/database';
import type { HourRow, MinuteRow, RowCounts } from '../core/types.ts';
import type { TargetTotals } from './health-store.ts';
import type { SampleColumns } from './schema.ts';

type AddedColumn = 'up_ms' | 'down_ms' | 'ok' | 'failed' | 'unknown' | 'maintenance';

/** The whole numbers that are added up, by their columns. */
const ADDED: Readonly<Record<AddedColumn, keyof RowCounts>> = {
  up_ms: 'upMs',
  down_ms: 'downMs',
  ok: 'ok',
  failed: 'failed',
  unknown: 'unknown',
  maintenance: 'maintenance',
};

export const ADDED_COLUMNS: readonly AddedColumn[] = Object.keys(ADDED) as AddedColumn[];

/** Every column, in the order in which values are bound. */
export const SAMPLE_COLUMNS: readonly (keyof SampleColumns)[] = [
  'provider',
  'model',
  'start_ms',
  ...ADDED_COLUMNS,
  'latency_sum_ms',
  'latency_max_ms',
];

const MINUTE_MS = 60_000;

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
const isLatency = (value: number): boolean => Number.isFinite(value) && value >= 0;

function isMinuteRow(row: MinuteRow): boolean {
  const { minuteEpochMs, latencySumMs, latencyMaxMs } = row;
  return (
    isCount(minuteEpochMs) &&
    minuteEpochMs % MINUTE_MS === 0 &&
    Object.values(ADDED).every((name) => isCount(row[name])) &&
    isLatency(latencySumMs) &&
    isLatency(latencyMaxMs)
  );
}

/** Throws a `SqlError` with code `invalid` where a number is none, or a minute does not start at one. */
export function toColumns(row: MinuteRow): SampleColumns {
  if (!isMinuteRow(row)) throw new SqlError('invalid', `Not a row of samples: ${JSON.stringify(row)}`);
  return {
    provider: toStorableText(row.providerName),
    model: toStorableText(row.modelName),
    start_ms: row.minuteEpochMs,
    up_ms: row.upMs,
    down_ms: row.downMs,
    ok: row.ok,
    failed: row.failed,
    unknown: row.unknown,
    maintenance: row.maintenance,
    latency_sum_ms: row.latencySumMs,
    latency_max_ms: row.latencyMaxMs,
  };
}

function addInto(sums: SampleColumns, row: SampleColumns): void {
  for (const name of ADDED_COLUMNS) sums[name] += row[name];
  sums.latency_sum_ms += row.latency_sum_ms;
  sums.latency_max_ms = Math.max(sums.latency_max_ms, row.latency_max_ms);
}

/**
 * One row per target and stretch of time, since Postgres refuses to touch a row twice in a statement; in the order of
 * the keys, since two replicas that lock rows in different orders would end in a deadlock.
 */
export function sumByKey(rows: readonly SampleColumns[], lengthMs: number): readonly SampleColumns[] {
  const sums = new Map<string, SampleColumns>();
  for (const row of rows) {
    const start_ms = row.start_ms - (row.start_ms % lengthMs);
    const key = `${row.provider}\0${row.model}\0${start_ms}`;
    const sum = sums.get(key);
    if (sum === undefined) sums.set(key, { ...row, start_ms });
    else addInto(sum, row);
  }
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}

/** Reads a row of any sample table, or the sums of several. */
export function toTargetTotals(row: SqlRow): TargetTotals {
  return {
    providerName: String(row.provider),
    modelName: String(row.model),
    upMs: Number(row.up_ms),
    downMs: Number(row.down_ms),
    ok: Number(row.ok),
    failed: Number(row.failed),
    unknown: Number(row.unknown),
    maintenance: Number(row.maintenance),
    latencySumMs: Number(row.latency_sum_ms),
    latencyMaxMs: Number(row.latency_max_ms),
  };
}

export function toMinuteRow(row: SqlRow): MinuteRow {
  return { ...toTargetTotals(row), minuteEpochMs: Number(row.start_ms) };
}

export function toHourRow(row: SqlRow): HourRow {
  return { ...toTargetTotals(row), hourEpochMs: Number(row.start_ms) };
}
