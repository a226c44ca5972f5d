import { plus, quantile, rate, share } from './expression.ts';
import type { FilterName, ViewDefinition } from './view-definition.ts';

const QUANTILES = [
  ['p50', 0.5, 'Median'],
  ['p95', 0.95, '95th percentile'],
  ['p99', 0.99, '99th percentile'],
] as const;

interface Duration {
  /** The name without `gatewayz_` and what follows the subject. */
  readonly subject: string;
  readonly of: string;
  readonly metric: string;
  readonly filters: readonly FilterName[];
}

const durations: readonly Duration[] = [
  {
    subject: 'inference_latency',
    of: 'the time from the parsed request to the end of its answer',
    metric: 'model_inference_duration_seconds',
    filters: ['provider', 'model'],
  },
  {
    subject: 'first_chunk_latency',
    of: 'the time from the parsed request to the first chunk of a stream',
    metric: 'time_to_first_chunk_seconds',
    filters: ['provider', 'model'],
  },
  {
    subject: 'added_latency',
    of: 'the time added by the gateway itself',
    metric: 'gatewayz_overhead_seconds',
    filters: [],
  },
  {
    subject: 'database_query_latency',
    of: 'the time of database queries',
    metric: 'database_query_duration_seconds',
    filters: [],
  },
];

const byCache = ['cache_name'] as const;
const hits = rate('cache_hits_total', byCache);

const cacheHitRatio: ViewDefinition = {
  name: 'gatewayz_cache_hit_ratio',
  help: 'Share of the look-ups over the window that the cache could answer, 0 to 1.',
  type: 'gauge',
  unit: 'ratio',
  labels: byCache,
  views: ['performance'],
  filters: [],
  expression: share(hits, plus(hits, rate('cache_misses_total', byCache))),
};

/** How long things take, beside what the system view has of HTTP. */
export const performanceDefinitions: readonly ViewDefinition[] = [
  ...durations.flatMap(({ subject, of, metric, filters }) =>
    QUANTILES.map(
      ([short, q, long]): ViewDefinition => ({
        name: `gatewayz_${subject}_${short}_seconds`,
        help: `${long} of ${of} over the window.`,
        type: 'gauge',
        unit: 'seconds',
        labels: [],
        views: ['performance'],
        filters,
        expression: quantile(q, metric),
      }),
    ),
  ),
  cacheHitRatio,
];
