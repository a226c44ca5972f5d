import type { LabelMatch } from './expression.ts';
import type { Series } from './family-samples.ts';
import type { Vector } from './vector.ts';

/** Series in groups by some of their labels, worked out once a series. */
export interface Groups {
  /** Sorts in the series that came since the last call. */
  extend(series: readonly Series[]): void;
  /** One value a group of those that are known (not NaN), by slot. */
  aggregate(aggregate: 'sum' | 'avg' | 'max', values: Float64Array): Vector;
}

type Labels = Readonly<Record<string, string>>;

/** Makes groups of no series yet. */
export function createGroups(name: string, by: readonly string[], where: readonly LabelMatch[]): Groups {
  const slots: number[] = [];
  const groupOf: number[] = [];
  const groups: Labels[] = [];
  const indexes = new Map<string, number>();
  let sorted = 0;

  function groupIndex(labels: Labels): number {
    const values = by.map((label) => labels[label] ?? '');
    const key = JSON.stringify(values);
    let index = indexes.get(key);
    if (index === undefined) {
      index = groups.length;
      const named = by.map((label, at) => [label, values[at] ?? ''] as const);
      groups.push(Object.fromEntries(named.filter(([, value]) => value !== '')));
      indexes.set(key, index);
    }
    return index;
  }

  return {
    extend(series) {
      for (; sorted < series.length; sorted += 1) {
        const one = series[sorted];
        if (one === undefined || one.name !== name || !meets(one.labels, where)) continue;
        slots.push(sorted);
        groupOf.push(groupIndex(one.labels));
      }
    },
    aggregate(aggregate, values) {
      const counts = new Float64Array(groups.length);
      const totals = new Float64Array(groups.length);
      for (let member = 0; member < slots.length; member += 1) {
        const value = values[slots[member] ?? 0] ?? Number.NaN;
        if (Number.isNaN(value)) continue;
        const group = groupOf[member] ?? 0;
        const before = totals[group] ?? 0;
        const isFirst = counts[group] === 0;
        totals[group] = aggregate === 'max' ? (isFirst ? value : Math.max(before, value)) : before + value;
        counts[group] = (counts[group] ?? 0) + 1;
      }
      return groups.flatMap((labels, group) => {
        const count = counts[group] ?? 0;
        const total = totals[group] ?? 0;
        return count === 0 ? [] : [{ labels, value: aggregate === 'avg' ? total / count : total }];
      });
    },
  };
}

function meets(labels: Labels, where: readonly LabelMatch[]): boolean {
  return where.every(({ label, op, value }) => ((labels[label] ?? '') === value) === (op === '='));
}
