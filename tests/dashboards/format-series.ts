import type { AnsweredSeries } from './run-queries.ts';

function formatLabels(labels: AnsweredSeries['labels']): string {
  const pairs = Object.entries(labels)
    .filter(([label]) => !['__name__', 'env', 'instance', 'job'].includes(label))
    .map(([label, value]) => `${label}="${value}"`);
  return pairs.length === 0 ? '' : `\`{${pairs.join(', ').replaceAll('|', '\\|')}}\` `;
}

/** The first series of an answer in a few words. */
export function formatSeries(series: readonly AnsweredSeries[]): string {
  const [first] = series;
  if (first === undefined) return '';
  const more = series.length > 1 ? ` and ${series.length - 1} more` : '';
  return `${formatLabels(first.labels)}${Number(first.value.toPrecision(3))}${more}`;
}
