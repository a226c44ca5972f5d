import { ENVIRONMENT } from '../catalogue/foreign-catalogue.ts';
import { findMetric, hasLabel } from '../catalogue/metric-catalogue.ts';

/** Label → value, or `=~…`, `!=…`, `!~…`; `*` takes every value and leaves the label out. */
export type Matchers = Readonly<Record<string, string>>;

const FILTER_LABELS = ['provider', 'model'] as const;

function toMatcher([label, text]: readonly [string, string]): string {
  const [, operator = '=', value = ''] = /^(=~|!=|!~)?(.*)$/s.exec(text) ?? [];
  return `${label}${operator}"${value}"`;
}

/**
 * A selector of a metric of the catalogue, under the dashboard's variables `env` and, where the metric has such a
 * label and `matchers` do not name it, `provider` and `model`. Throws where the catalogue knows no such metric or label.
 */
export function metric(name: string, matchers: Matchers = {}): string {
  const known = findMetric(name);
  if (known === null) throw new Error(`The catalogue has no metric ${name}`);
  const unknown = Object.keys(matchers).filter((label) => !hasLabel(known, label));
  if (unknown.length > 0) throw new Error(`${name} has no label ${unknown.join(', ')}`);
  const filters = FILTER_LABELS.filter((label) => hasLabel(known, label)).map((label) => [
    label,
    `=~$${label}`,
  ]);
  const environment = hasLabel(known, ENVIRONMENT) ? ENVIRONMENT : 'env';
  const all = { [environment]: '=~$env', ...(Object.fromEntries(filters) as Matchers), ...matchers };
  const chosen = Object.entries(all).filter(([, text]) => text !== '*');
  return `${name}{${chosen.map(toMatcher).join(',')}}`;
}

/** Per second. */
export function rate(name: string, matchers: Matchers = {}, window = '$__rate_interval'): string {
  return `rate(${metric(name, matchers)}[${window}])`;
}

/** Over the whole time range that the dashboard shows. */
export function inRange(name: string, matchers: Matchers = {}): string {
  return `increase(${metric(name, matchers)}[$__range])`;
}

type Aggregation = 'sum' | 'min' | 'max' | 'avg' | 'count';

/** Joins series; labels are split at spaces, none makes one series of all. */
export function over(aggregation: Aggregation, labels: string, expression: string): string {
  const by = labels === '' ? '' : ` by (${labels.split(' ').join(', ')})`;
  return `${aggregation}${by} (${expression})`;
}

export const sum = (labels: string, expression: string): string => over('sum', labels, expression);
export const max = (labels: string, expression: string): string => over('max', labels, expression);

/** A quantile of a histogram, by the labels beside `le`. */
export function quantile(q: number, histogram: string, labels = '', matchers: Matchers = {}): string {
  const all = labels === '' ? 'le' : `le ${labels}`;
  return `histogram_quantile(${q}, ${sum(all, rate(`${histogram}_bucket`, matchers))})`;
}

/** The mean of what a histogram observed, by labels. */
export function mean(histogram: string, labels = '', matchers: Matchers = {}): string {
  const part = (name: string): string => sum(labels, rate(`${histogram}_${name}`, matchers));
  return `${part('sum')} / ${part('count')}`;
}
