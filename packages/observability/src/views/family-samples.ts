import type { Sample } from '@gatewayz/metrics';
import type { LabelMatch } from './expression.ts';
import { createGroups, type Groups } from './groups.ts';
import { type RateSpan, rateOver } from './rate-span.ts';
import { type SampleRow, SampleRows } from './sample-rows.ts';

/** A series: its name with `_bucket`, `_sum` or `_count` where it has one, and its labels. */
export type Series = Pick<Sample, 'name' | 'labels'>;

/** Series that no longer exist are forgotten, with all rows, when they are more than the others by this. */
const TOLERATED_DEAD_SERIES = 1000;

/** What one metric of this process was at its samples; a series keeps its slot. */
export class FamilySamples {
  readonly #keepsRows: boolean;
  readonly #rows = new SampleRows();
  readonly #series: Series[] = [];
  readonly #slots = new Map<string, number>();
  readonly #groups = new Map<string, Groups>();
  /** The slots in the order of the last sample: the next one comes in the same, so that no key need be built. */
  #order: number[] = [];
  #latest: SampleRow | null = null;

  constructor(keepsRows: boolean) {
    this.#keepsRows = keepsRows;
  }

  get sampledAtMs(): number {
    return this.#latest?.atMs ?? Number.NEGATIVE_INFINITY;
  }

  /** Takes the values of this moment for the latest ones; `keep` has them stay for later windows. */
  sample(samples: Iterable<Sample>, atMs: number, keep: boolean): void {
    const order: number[] = [];
    const found: number[] = [];
    for (const sample of samples) {
      order.push(this.#slotOf(sample, order.length));
      found.push(sample.value);
    }
    const values = new Float64Array(this.#series.length).fill(Number.NaN);
    for (const [index, slot] of order.entries()) values[slot] = found[index] ?? Number.NaN;
    this.#order = order;
    this.#latest = { atMs, values };
    if (keep && this.#keepsRows) this.#rows.push(this.#latest);
    if (this.#series.length > 2 * order.length + TOLERATED_DEAD_SERIES) this.#forget();
  }

  /** The latest values, by slot. */
  current(): Float64Array {
    return this.#latest?.values ?? new Float64Array(0);
  }

  /** The growth per second of each slot over the window that ends now; null where there are no two samples. */
  rates(nowMs: number, windowMs: number): Float64Array | null {
    const latest = this.#latest;
    const rows = this.#rows.since(nowMs - windowMs);
    const first = rows[0];
    if (latest === null || first === undefined || first.atMs >= latest.atMs) return null;
    const span = toSpan(rows, latest, nowMs, windowMs);
    // A series that was not there yet had counted nothing.
    return latest.values.map((last, slot) => rateOver(first.values[slot] || 0, last, span));
  }

  /** The slots of a sample name that meet the conditions, grouped by labels. */
  groups(name: string, by: readonly string[], where: readonly LabelMatch[], isKept: boolean): Groups {
    const key = JSON.stringify([name, by, where]);
    const groups = this.#groups.get(key) ?? createGroups(name, by, where);
    if (isKept) this.#groups.set(key, groups);
    groups.extend(this.#series);
    return groups;
  }

  #slotOf(sample: Sample, position: number): number {
    const expected = this.#order[position];
    const series = expected === undefined ? undefined : this.#series[expected];
    if (expected !== undefined && series !== undefined && isSame(series, sample)) return expected;
    const key = JSON.stringify([sample.name, sample.labels]);
    let slot = this.#slots.get(key);
    if (slot === undefined) {
      slot = this.#series.length;
      this.#series.push({ name: sample.name, labels: sample.labels });
      this.#slots.set(key, slot);
    }
    return slot;
  }

  #forget(): void {
    this.#rows.clear();
    this.#series.length = 0;
    this.#slots.clear();
    this.#groups.clear();
    this.#order = [];
    this.#latest = null;
  }
}

function isSame(series: Series, sample: Sample): boolean {
  if (series.name !== sample.name) return false;
  for (const label in sample.labels) if (series.labels[label] !== sample.labels[label]) return false;
  return true;
}

function toSpan(rows: readonly SampleRow[], latest: SampleRow, nowMs: number, windowMs: number): RateSpan {
  const times = rows.map(({ atMs }) => atMs);
  if (times.at(-1) !== latest.atMs) times.push(latest.atMs);
  const [first = 0, second = 0] = times;
  const [last = 0, beforeLast = 0] = times.toReversed();
  return {
    sampled: (last - first) / 1000,
    gapBefore: (first - (nowMs - windowMs)) / 1000,
    gapAfter: Math.max(0, nowMs - last) / 1000,
    spacingBefore: (second - first) / 1000,
    spacingAfter: (last - beforeLast) / 1000,
    window: windowMs / 1000,
  };
}
