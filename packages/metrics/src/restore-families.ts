import { CounterFamily } from './counter.ts';
import { GaugeFamily } from './gauge.ts';
import { HistogramFamily } from './histogram.ts';
import { InfoFamily } from './info.ts';
import type { FamilyChild, MetricFamily } from './metric-family.ts';
import { cellsPerChild, type FamilySnapshot, type RegistrySnapshot } from './snapshot.ts';

type AnyFamily = MetricFamily<FamilyChild>;

/** What a registry has, and how it takes one family more. */
export interface RestoredFamilies {
  readonly families: ReadonlyMap<string, AnyFamily>;
  readonly selfFamilies: ReadonlyMap<string, AnyFamily>;
  register(family: AnyFamily): AnyFamily;
}

/** Sets the families to what the snapshot holds and empties the others; of its own ones only what the snapshot has. */
export function restoreFamilies(
  snapshot: RegistrySnapshot,
  { families, selfFamilies, register }: RestoredFamilies,
): void {
  const absent = new Map(families);
  for (const values of snapshot) {
    absent.delete(values.name);
    const own = selfFamilies.get(values.name);
    const family = own ?? families.get(values.name) ?? register(createFamily(values));
    if (!fits(family, values)) continue;
    const shown = restoreFamily(family, values);
    const gone = [...family.children.keys()].filter((key) => !shown.has(key));
    if (own === undefined) family.removeAll(gone);
  }
  for (const family of absent.values()) family.clear();
}

/** Makes the family that a snapshot was taken of, without its values. */
function createFamily({ type, bounds, ...options }: FamilySnapshot): AnyFamily {
  switch (type) {
    case 'counter':
      return new CounterFamily(options, options.maxSeries);
    case 'gauge':
      return new GaugeFamily(options, options.maxSeries);
    case 'histogram':
      return new HistogramFamily({ ...options, buckets: bounds }, options.maxSeries);
    case 'info':
      return new InfoFamily(options, options.maxSeries);
    default:
      return type satisfies never;
  }
}

/** Whether the values of the snapshot can be those of the family. */
function fits(family: AnyFamily, { type, labels, bounds }: FamilySnapshot): boolean {
  return family.type === type && isSame(family.labelNames, labels) && isSame(family.bounds, bounds);
}

/**
 * Sets a family's values to those of a snapshot that fits it. What is over the family's cap is added up in one child;
 * label sets that were let in stay in. Returns the keys of the children that were set.
 */
function restoreFamily(family: AnyFamily, snapshot: FamilySnapshot): ReadonlySet<string> {
  const width = cellsPerChild(snapshot);
  const children = snapshot.keys.map((key) => family.childFor(key));
  const sums = new Map<FamilyChild, Float64Array>();
  for (const [index, child] of children.entries()) {
    const row = snapshot.cells.subarray(index * width, (index + 1) * width);
    const sum = sums.get(child);
    if (sum === undefined) sums.set(child, row.slice());
    else for (let cell = 0; cell < width; cell += 1) sum[cell] = (sum[cell] ?? 0) + (row[cell] ?? 0);
  }
  for (const [child, sum] of sums) child.readCells(sum);
  for (const { child, cell, ...exemplar } of snapshot.exemplars) {
    children[child]?.restoreExemplar(cell, exemplar);
  }
  return new Set(Array.from(sums.keys(), ({ key }) => key));
}

function isSame<T>(some: readonly T[], others: readonly T[]): boolean {
  return some.length === others.length && some.every((one, index) => one === others[index]);
}
