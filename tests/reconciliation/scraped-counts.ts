import type { Metrics } from '@gatewayz/testkit';
import type { Counts } from './expected-counts.ts';

/** The series of a metric that are not 0, by the values of these labels; series that share them are added up. */
export function scrapedCounts(metrics: Metrics, name: string, labels: readonly string[]): Counts {
  const counts: Record<string, number> = {};
  for (const sample of metrics.series(name)) {
    const key = labels.map((label) => sample.labels[label]).join(' ');
    if (sample.value !== 0) counts[key] = (counts[key] ?? 0) + sample.value;
  }
  return counts;
}

/** The same, of what was asked on inference endpoints alone. */
export function scrapedPosts(metrics: Metrics, name: string, labels: readonly string[]): Counts {
  const all = Object.entries(scrapedCounts(metrics, name, labels));
  return Object.fromEntries(all.filter(([key]) => key.startsWith('POST ')));
}
