import {
  businessCatalogue,
  databaseCatalogue,
  healthServiceCatalogue,
  httpCatalogue,
  inferenceCatalogue,
  limitCatalogue,
  type MetricDefinition,
  moduleCatalogue,
  moneyCatalogue,
  providerCatalogue,
  redisCatalogue,
  telemetryCatalogue,
} from '@gatewayz/observability';
import { foreignCatalogue } from './foreign-catalogue.ts';
import { processCatalogue } from './process-catalogue.ts';
import { recordedCatalogue } from './recorded-catalogue.ts';

/** A metric as a query names it: of a histogram one of its three counters. */
export interface KnownMetric {
  readonly definition: MetricDefinition;
  /** `bucket` has the label `le` besides. */
  readonly part: 'value' | 'bucket' | 'sum' | 'count';
}

/** Labels that no exporter sets: Prometheus and the scrape configuration do. */
const SCRAPE_LABELS: ReadonlySet<string> = new Set(['env', 'job', 'instance']);

/** The histograms whose samples bear the ids of their traces, where those are kept. */
export const HISTOGRAMS_WITH_EXEMPLARS: readonly string[] = [
  'model_inference_duration_seconds',
  'backend_ttfb_seconds',
  'time_to_first_chunk_seconds',
];

/** The metrics of the gateway by section, in the order of docs/metrics.md. */
export const sections: readonly (readonly [title: string, metrics: readonly MetricDefinition[]])[] = [
  ['HTTP', httpCatalogue],
  ['Inference', inferenceCatalogue],
  ['Provider health', providerCatalogue],
  ['Health service', healthServiceCatalogue],
  ['Money', moneyCatalogue],
  ['Databases and caches', databaseCatalogue],
  ['Redis', redisCatalogue],
  ['Limits', limitCatalogue],
  ['Business', businessCatalogue],
  ['Telemetry', telemetryCatalogue],
  ['Process and self', processCatalogue],
  ['The module', moduleCatalogue],
];

const definitions = new Map(
  [...sections.flatMap(([, metrics]) => metrics), ...foreignCatalogue, ...recordedCatalogue].map(
    (definition) => [definition.name, definition] as const,
  ),
);

/** Finds the metric that a query names, `…_bucket`, `…_sum` and `…_count` of a histogram among them. */
export function findMetric(name: string): KnownMetric | null {
  const definition = definitions.get(name);
  if (definition !== undefined && definition.type !== 'histogram') return { definition, part: 'value' };
  const [, base = '', part = ''] = /^(.+)_(bucket|sum|count)$/.exec(name) ?? [];
  const histogram = definitions.get(base);
  if (histogram?.type !== 'histogram') return null;
  return { definition: histogram, part: part as KnownMetric['part'] };
}

/** Whether a query may name that label of the metric. */
export function hasLabel({ definition, part }: KnownMetric, label: string): boolean {
  if (SCRAPE_LABELS.has(label) || label === '__name__') return true;
  return definition.labels.includes(label) || (part === 'bucket' && label === 'le');
}
