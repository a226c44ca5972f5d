import type { HourRow, MinuteRow, RowCounts } from './types.ts';

export const UPTIME_WINDOWS = ['5m', '1h', '24h', '7d', '30d'] as const;

export type UptimeWindow = (typeof UPTIME_WINDOWS)[number];

/** The length of each window in milliseconds. */
export const UPTIME_WINDOW_MS: Readonly<Record<UptimeWindow, number>> = {
  '5m': 5 * 60_000,
  '1h': 3_600_000,
  '24h': 86_400_000,
  '7d': 7 * 86_400_000,
  '30d': 30 * 86_400_000,
};

const HOUR_MS = 3_600_000;

/** The fields of rows, or of sums of rows, that uptime is made of. */
export type UptimeCounts = Pick<RowCounts, 'upMs' | 'downMs' | 'ok' | 'failed'>;

/** Uptime in 0…1 by window, `null` where there is no evidence. */
export type Uptime = Readonly<Record<UptimeWindow, number | null>>;

/** One bar: from `fromMs`, `uptime` in 0…1 or null without evidence. */
export type UptimeBucket = { readonly fromMs: number; readonly uptime: number | null };

/** A row of either length, at its beginning. */
export type TimedRow = UptimeCounts & { readonly startMs: number };

/**
 * The share (0…1) of known time that was up; by the number of results where no time is known yet, as after a first
 * result; null where there is no evidence. Maintenance is in none of the fields.
 */
export function uptimeRatio(counts: UptimeCounts): number | null {
  const knownMs = counts.upMs + counts.downMs;
  if (knownMs > 0) return counts.upMs / knownMs;
  const results = counts.ok + counts.failed;
  return results > 0 ? counts.ok / results : null;
}

/** The sum of rows, field by field. */
export function sumUptime(rows: Iterable<UptimeCounts>): UptimeCounts {
  const sum = { upMs: 0, downMs: 0, ok: 0, failed: 0 };
  for (const row of rows) {
    sum.upMs += row.upMs;
    sum.downMs += row.downMs;
    sum.ok += row.ok;
    sum.failed += row.failed;
  }
  return sum;
}

/**
 * Minute and hour rows as one list, in which nothing counts twice: a minute whose hour has an hour row of the same
 * target is left out, because it is in there.
 */
export function joinRows(minutes: readonly MinuteRow[], hours: readonly HourRow[]): TimedRow[] {
  const idOf = (row: MinuteRow | HourRow, hourMs: number): string =>
    JSON.stringify([hourMs, row.providerName, row.modelName]);
  const whole = new Set(hours.map((row) => idOf(row, row.hourEpochMs)));
  const rest = minutes.filter(
    (row) => !whole.has(idOf(row, Math.floor(row.minuteEpochMs / HOUR_MS) * HOUR_MS)),
  );
  return [
    ...hours.map((row) => ({ ...pick(row), startMs: row.hourEpochMs })),
    ...rest.map((row) => ({ ...pick(row), startMs: row.minuteEpochMs })),
  ];
}

/**
 * Uptime over every window that ends now. A row counts where it begins inside the window, so the short windows need
 * minute rows, and with hour rows the long ones are exact to the hour.
 */
export function uptimeOf(rows: readonly TimedRow[], nowMs: number): Uptime {
  const over = (window: UptimeWindow): number | null => {
    const fromMs = nowMs - UPTIME_WINDOW_MS[window];
    return uptimeRatio(sumUptime(rows.filter((row) => row.startMs >= fromMs && row.startMs <= nowMs)));
  };
  return { '5m': over('5m'), '1h': over('1h'), '24h': over('24h'), '7d': over('7d'), '30d': over('30d') };
}

/**
 * Uptime in buckets of one length from `fromMs` up to `toMs`, for bars; a bucket without a row has null.
 *
 * @throws RangeError unless the buckets have a length and are at most 10,000
 */
export function uptimeBuckets(
  rows: readonly TimedRow[],
  fromMs: number,
  toMs: number,
  bucketMs: number,
): UptimeBucket[] {
  const count = Math.ceil((toMs - fromMs) / bucketMs);
  if (!(bucketMs > 0) || !(count >= 0 && count <= 10_000)) {
    throw new RangeError(`bucketMs must cut the range into at most 10000 buckets, received ${bucketMs}`);
  }
  const filled: TimedRow[][] = Array.from({ length: count }, () => []);
  for (const row of rows) {
    if (row.startMs < toMs) filled[Math.floor((row.startMs - fromMs) / bucketMs)]?.push(row);
  }
  return filled.map((inside, index) => ({
    fromMs: fromMs + index * bucketMs,
    uptime: uptimeRatio(sumUptime(inside)),
  }));
}

/**
 * A provider's or gateway's counts: its own where it has evidence, else the sum of its models'.
 *
 * @param own the sum of the rows whose `modelName` is empty
 */
export function providerCounts(own: UptimeCounts, models: Iterable<UptimeCounts>): UptimeCounts {
  return uptimeRatio(own) === null ? sumUptime(models) : own;
}

function pick({ upMs, downMs, ok, failed }: UptimeCounts): UptimeCounts {
  return { upMs, downMs, ok, failed };
}
