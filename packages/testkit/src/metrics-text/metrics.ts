import type { Labels, MetricFamily, Sample } from './parse-exposition.ts';
import { parseExposition, seriesKey } from './parse-exposition.ts';

/** A scrape to ask questions of. Names are sample names: `…_total`, `…_bucket`, `…_count`. */
export interface Metrics {
  readonly families: readonly MetricFamily[];
  /** The one series with exactly these labels (default none), or undefined. */
  value(name: string, labels?: Labels): number | undefined;
  /** The sum over the series whose labels include these; 0 where there are none. */
  sum(name: string, partialLabels?: Labels): number;
  /** Every series of that sample name whose labels include these. */
  series(name: string, partialLabels?: Labels): readonly Sample[];
  /** How many series there are in all. */
  readonly size: number;
}

function includes(labels: Labels, partial: Labels): boolean {
  for (const [name, value] of Object.entries(partial)) if (labels[name] !== value) return false;
  return true;
}

class ParsedMetrics implements Metrics {
  readonly families: readonly MetricFamily[];
  readonly #byName = new Map<string, Sample[]>();
  readonly #byKey = new Map<string, Sample>();

  constructor(families: readonly MetricFamily[]) {
    this.families = families;
    for (const sample of families.flatMap(({ samples }) => samples)) {
      const list = this.#byName.get(sample.name);
      if (list === undefined) this.#byName.set(sample.name, [sample]);
      else list.push(sample);
      this.#byKey.set(seriesKey(sample.name, sample.labels), sample);
    }
  }

  get size(): number {
    return this.#byKey.size;
  }

  value(name: string, labels: Labels = {}): number | undefined {
    return this.#byKey.get(seriesKey(name, labels))?.value;
  }

  sum(name: string, partialLabels: Labels = {}): number {
    return this.series(name, partialLabels).reduce((sum, { value }) => sum + value, 0);
  }

  series(name: string, partialLabels: Labels = {}): readonly Sample[] {
    return (this.#byName.get(name) ?? []).filter(({ labels }) => includes(labels, partialLabels));
  }
}

/** Reads a scrape's text (0.0.4). Throws `ExpositionError` where it is malformed. */
export function readMetrics(text: string): Metrics {
  return new ParsedMetrics(parseExposition(text));
}

/**
 * What is wrong with the histograms of a scrape, in words: buckets that fall, a missing `+Inf` bucket, one that is
 * not the count, a missing sum or count. Empty when all is well.
 */
export function histogramProblems(metrics: Metrics): readonly string[] {
  return metrics.families
    .filter(({ type }) => type === 'histogram')
    .flatMap((family) => familyProblems(family, metrics));
}

function familyProblems({ name, samples }: MetricFamily, metrics: Metrics): readonly string[] {
  const groups = new Map<string, { readonly labels: Labels; readonly buckets: Sample[] }>();
  for (const sample of samples) {
    const { le: _, ...labels } = sample.labels;
    const key = seriesKey(name, labels);
    const group = groups.get(key) ?? { labels, buckets: [] };
    groups.set(key, group);
    if (sample.name === `${name}_bucket`) group.buckets.push(sample);
  }
  return [...groups].flatMap(([key, { labels, buckets }]) => {
    const count = metrics.value(`${name}_count`, labels);
    const problems: string[] = [];
    if (count === undefined) problems.push(`${key}: no count`);
    if (metrics.value(`${name}_sum`, labels) === undefined) problems.push(`${key}: no sum`);
    return [...problems, ...bucketProblems(key, buckets, count)];
  });
}

function bucketProblems(
  key: string,
  buckets: readonly Sample[],
  count: number | undefined,
): readonly string[] {
  const bounds = buckets.map(({ labels }) => Number(labels.le === '+Inf' ? 'Infinity' : labels.le));
  const problems: string[] = [];
  if (bounds.at(-1) !== Number.POSITIVE_INFINITY) problems.push(`${key}: the last bucket is not +Inf`);
  else if (buckets.at(-1)?.value !== count) problems.push(`${key}: +Inf is not the count`);
  for (let index = 1; index < buckets.length; index += 1) {
    const isRising = (bounds[index] ?? Number.NaN) > (bounds[index - 1] ?? Number.NaN);
    const isCumulative = (buckets[index]?.value ?? 0) >= (buckets[index - 1]?.value ?? 0);
    if (!isRising || !isCumulative) problems.push(`${key}: bucket ${buckets[index]?.labels.le} falls`);
  }
  return problems;
}
