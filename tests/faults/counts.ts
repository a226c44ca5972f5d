import type { Labels, Metrics } from '@gatewayz/testkit';

/** How often each key was met; keys that were not are absent. */
export type Counts = Readonly<Record<string, number>>;

/** Counts things by a key, each as 1 or by its weight. */
export function countBy<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  weightOf: (item: T) => number = () => 1,
): Counts {
  const counts: Record<string, number> = {};
  for (const item of items) counts[keyOf(item)] = (counts[keyOf(item)] ?? 0) + weightOf(item);
  return counts;
}

/** The series of a metric that are not 0, by their values of these labels, added up over the rest. */
export function countSeries(
  metrics: Metrics,
  name: string,
  labels: readonly string[],
  partial: Labels = {},
): Counts {
  const series = metrics.series(name, partial).filter(({ value }) => value !== 0);
  return countBy(
    series,
    ({ labels: own }) => labels.map((label) => own[label]).join(' '),
    ({ value }) => value,
  );
}

/** 0 where there is nothing. */
export function shareOf(part: readonly unknown[], all: readonly unknown[]): number {
  return all.length === 0 ? 0 : part.length / all.length;
}
