import { readLabelKey } from './label-value.ts';
import type { Contribution, MergeRule, MergeRules } from './merge-rule.ts';
import {
  cellsPerChild,
  type ExemplarSnapshot,
  type FamilySnapshot,
  type RegistrySnapshot,
} from './snapshot.ts';

/** One process's part of a family, with that process's other families. */
interface Part {
  readonly family: FamilySnapshot;
  readonly isLeader: boolean;
  find(name: string): FamilySnapshot | undefined;
}

type Rows = Map<string, Float64Array>;

const BY_TYPE: Readonly<Record<FamilySnapshot['type'], MergeRule>> = {
  counter: { kind: 'sum' },
  histogram: { kind: 'sum' },
  info: { kind: 'max' },
  gauge: { kind: 'leader' },
};

/**
 * Makes one snapshot of those of several processes. A metric without a rule is added up where it is a counter or a
 * histogram, and else goes by the leader. Processes that define a metric in another way than the first that has it
 * are left out of it.
 */
export function mergeSnapshots(contributions: readonly Contribution[], rules: MergeRules): RegistrySnapshot {
  const parts = new Map<string, Part[]>();
  for (const { snapshot, isLeader } of contributions) {
    const byName = new Map(snapshot.map((family) => [family.name, family]));
    const find = (name: string): FamilySnapshot | undefined => byName.get(name);
    for (const family of snapshot) {
      const known = parts.get(family.name);
      if (known === undefined) parts.set(family.name, [{ family, isLeader, find }]);
      else if (isAlike(known[0]?.family, family)) known.push({ family, isLeader, find });
    }
  }
  return Array.from(parts, ([name, some]) => mergeFamily(some, rules[name]));
}

/** What stays of a process that has ended: what it counted, which is to be merged with what others count. */
export function keepCounts(snapshot: RegistrySnapshot): RegistrySnapshot {
  return snapshot.filter(({ type }) => type === 'counter' || type === 'histogram');
}

function isAlike(one: FamilySnapshot | undefined, other: FamilySnapshot): boolean {
  const shape = ({ type, labels, bounds }: FamilySnapshot): string => JSON.stringify([type, labels, bounds]);
  return one !== undefined && shape(one) === shape(other);
}

function mergeFamily(parts: readonly Part[], named: MergeRule | undefined): FamilySnapshot {
  const [{ family }] = parts as readonly [Part, ...Part[]];
  const rule = named ?? BY_TYPE[family.type];
  const rows = mergeRows(family, parts, rule);
  const width = cellsPerChild(family);
  const cells = new Float64Array(rows.size * width);
  let at = 0;
  for (const row of rows.values()) {
    cells.set(row, at);
    at += width;
  }
  const keys = [...rows.keys()];
  return { ...family, keys, cells, exemplars: mergeExemplars(parts, keys) };
}

function mergeRows(family: FamilySnapshot, parts: readonly Part[], rule: MergeRule): Rows {
  switch (rule.kind) {
    case 'sum':
      return fold(parts, (one, other) => one + other);
    case 'max':
      return fold(parts, Math.max);
    case 'min':
      return fold(parts, Math.min);
    case 'leader':
      return fold(
        parts.filter(({ isLeader }) => isLeader),
        (one) => one,
      );
    case 'mean':
      return meanOf(parts, rule.weight);
    case 'worst':
      return worstOf(parts, family.labels.indexOf(rule.label), rule.order);
    default:
      return rule satisfies never;
  }
}

function* rowsOf(family: FamilySnapshot): Generator<[key: string, row: Float64Array]> {
  const width = cellsPerChild(family);
  for (const [index, key] of family.keys.entries()) {
    yield [key, family.cells.subarray(index * width, (index + 1) * width)];
  }
}

function fold(parts: readonly Part[], combine: (one: number, other: number) => number): Rows {
  const rows: Rows = new Map();
  for (const { family } of parts) {
    for (const [key, row] of rowsOf(family)) {
      const merged = rows.get(key);
      if (merged === undefined) rows.set(key, row.slice());
      else for (const [cell, value] of row.entries()) merged[cell] = combine(merged[cell] ?? 0, value);
    }
  }
  return rows;
}

function meanOf(parts: readonly Part[], weight: string | null): Rows {
  const sums = new Map<string, { weighted: number; weights: number; plain: number; count: number }>();
  for (const { family, find } of parts) {
    const weightFamily = weight === null ? undefined : find(weight);
    const weights = new Map(weightFamily === undefined ? [] : rowsOf(weightFamily));
    for (const [key, [value = 0]] of rowsOf(family)) {
      const own = weights.get(key)?.[0] ?? 0;
      const sum = sums.get(key) ?? { weighted: 0, weights: 0, plain: 0, count: 0 };
      sums.set(key, sum);
      sum.weighted += value * own;
      sum.weights += own;
      sum.plain += value;
      sum.count += 1;
    }
  }
  const mean = (weighted: number, weights: number, plain: number, count: number): number =>
    weights > 0 ? weighted / weights : plain / count;
  return new Map(
    Array.from(sums, ([key, { weighted, weights, plain, count }]) => [
      key,
      Float64Array.of(mean(weighted, weights, plain, count)),
    ]),
  );
}

function worstOf(parts: readonly Part[], label: number, order: readonly string[]): Rows {
  const union = fold(parts, Math.max);
  const groupOf = (values: readonly string[]): string => JSON.stringify(values.toSpliced(label, 1));
  const rankOf = (values: readonly string[]): number => order.indexOf(values[label] ?? '') + 1 || Infinity;
  const worst = new Map<string, number>();
  for (const [key, [value]] of union) {
    const values = readLabelKey(key);
    const group = groupOf(values);
    if (value === 1) worst.set(group, Math.min(worst.get(group) ?? Infinity, rankOf(values)));
  }
  return new Map(
    Array.from(union.keys(), (key) => {
      const values = readLabelKey(key);
      return [key, Float64Array.of(worst.get(groupOf(values)) === rankOf(values) ? 1 : 0)];
    }),
  );
}

/** The latest exemplar of each cell. */
function mergeExemplars(parts: readonly Part[], keys: readonly string[]): readonly ExemplarSnapshot[] {
  if (parts.every(({ family }) => family.exemplars.length === 0)) return [];
  const positions = new Map(keys.map((key, position) => [key, position]));
  const latest = new Map<string, ExemplarSnapshot>();
  for (const { family } of parts) {
    for (const exemplar of family.exemplars) {
      const child = positions.get(family.keys[exemplar.child] ?? '');
      const place = `${child} ${exemplar.cell}`;
      const isNewer = exemplar.timestampMs > (latest.get(place)?.timestampMs ?? -1);
      if (child !== undefined && isNewer) latest.set(place, { ...exemplar, child });
    }
  }
  return [...latest.values()];
}
