import type { MetricType } from './metric-definition.ts';
import type { FamilyChild, MetricFamily } from './metric-family.ts';

/** An exemplar of one cell of one child. */
export interface ExemplarSnapshot {
  /** Which of the snapshot's keys. */
  readonly child: number;
  readonly cell: number;
  readonly traceId: string;
  readonly spanId: string | undefined;
  readonly value: number;
  readonly timestampMs: number;
}

/** A metric with the values of all its children at one moment, as data that may go to another process. */
export interface FamilySnapshot {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly labels: readonly string[];
  /** A histogram's finite upper bounds, else empty. */
  readonly bounds: readonly number[];
  readonly maxSeries: number;
  /** One per child; what is in them is the registry's own business. */
  readonly keys: readonly string[];
  /** The cells of all children, one child after the other: a histogram's counts by bucket and its sum, else a value. */
  readonly cells: Float64Array;
  readonly exemplars: readonly ExemplarSnapshot[];
}

/** A registry at one moment. Structured cloning keeps it; JSON does not. */
export type RegistrySnapshot = readonly FamilySnapshot[];

/** How many cells each child of such a metric has. */
export function cellsPerChild({ type, bounds }: Pick<FamilySnapshot, 'type' | 'bounds'>): number {
  return type === 'histogram' ? bounds.length + 2 : 1;
}

/** Takes the values of a family in one turn, so that they agree with each other. */
export function takeSnapshot(family: MetricFamily<FamilyChild>): FamilySnapshot {
  const { name, type, help, labelNames, bounds, maxSeries, children } = family;
  const width = cellsPerChild(family);
  const cells = new Float64Array(children.size * width);
  const keys: string[] = [];
  const exemplars: ExemplarSnapshot[] = [];
  for (const [key, series] of children) {
    const child = keys.push(key) - 1;
    series.writeCells(cells.subarray(child * width, (child + 1) * width));
    for (const [cell, slot] of series.exemplars().entries()) {
      const kept = slot?.kept() ?? null;
      if (kept !== null) exemplars.push({ child, cell, ...kept });
    }
  }
  return { name, type, help, labels: labelNames, bounds, maxSeries, keys, cells, exemplars };
}
