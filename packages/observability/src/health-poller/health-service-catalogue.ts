import type { Counter, Gauge, Histogram, Registry } from '@gatewayz/metrics';
import type { MetricDefinition } from '../metric-definition.ts';
import type { HealthField } from './health-endpoint.ts';

const perEndpoint = ['endpoint'] as const;

interface BareGauge extends MetricDefinition {
  readonly labels: readonly never[];
}

function gauge(name: string, help: string): BareGauge {
  return { name, type: 'gauge', help, labels: [] };
}

/** Fields of `/cache/stats`, and the cache that each speaks of. */
export const CACHE_TYPES = {
  cache_available: 'redis',
  system_health_cached: 'system_health',
  providers_health_cached: 'providers_health',
  models_health_cached: 'models_health',
} as const;

/** A field that is shown as a gauge of its own. */
export type GaugeField = Exclude<HealthField, keyof typeof CACHE_TYPES>;

const up = gauge('gatewayz_health_service_up', '1 where /health answered at the last poll, else 0.');

const byField = {
  health_monitoring_active: gauge(
    'gatewayz_health_monitoring_active',
    '1 while the health service watches health, else 0.',
  ),
  availability_monitoring_active: gauge(
    'gatewayz_availability_monitoring_active',
    '1 while the health service watches availability, else 0.',
  ),
  health_check_interval: gauge(
    'gatewayz_health_check_interval_seconds',
    'Seconds between two checks of the health service.',
  ),
  models_tracked: gauge('gatewayz_health_tracked_models', 'Models that the health service tracks.'),
  providers_tracked: gauge('gatewayz_health_tracked_providers', 'Providers that the health service tracks.'),
  gateways_tracked: gauge('gatewayz_health_tracked_gateways', 'Gateways that the health service tracks.'),
  availability_cache_size: gauge(
    'gatewayz_availability_cache_size',
    'Entries in the availability cache of the health service.',
  ),
  total_models: gauge('gatewayz_health_total_models', 'Models that the health service knows.'),
  total_providers: gauge('gatewayz_health_total_providers', 'Providers that the health service knows.'),
  total_gateways: gauge('gatewayz_health_total_gateways', 'Gateways that the health service knows.'),
  tracked_models: gauge(
    'gatewayz_health_tracked_models_count',
    'Tracked models, as the metrics of the health service have it.',
  ),
  active_incidents: gauge('gatewayz_health_active_incidents', 'Incidents that are open.'),
} as const satisfies Record<GaugeField, MetricDefinition>;

const rest = {
  statusDistribution: {
    name: 'gatewayz_health_status_distribution',
    type: 'gauge',
    help: 'Models in each status, of those that the health service tracks.',
    labels: ['status'],
    maxSeries: 32,
  },
  cacheAvailable: {
    name: 'gatewayz_health_cache_available',
    type: 'gauge',
    help: '1 where a cache of the health service is there, else 0.',
    labels: ['cache_type'],
  },
  lastSuccess: gauge(
    'gatewayz_health_service_last_successful_scrape',
    'Unix seconds of the last poll that every endpoint answered.',
  ),
  scrapeErrors: {
    name: 'gatewayz_health_service_scrape_errors_total',
    type: 'counter',
    help: 'Endpoints of the health service that failed at a poll, every one at every poll.',
    labels: [],
  },
  pollDuration: {
    name: 'gatewayz_health_poll_duration_seconds',
    type: 'histogram',
    help: 'Time to an answer of an endpoint of the health service, or to its failure.',
    labels: perEndpoint,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  },
  pollErrors: {
    name: 'gatewayz_health_poll_errors_total',
    type: 'counter',
    help: 'The same as gatewayz_health_service_scrape_errors_total, by endpoint and reason.',
    labels: ['endpoint', 'reason'],
  },
  dataAge: {
    name: 'gatewayz_health_data_age_seconds',
    type: 'gauge',
    help: 'Time since an endpoint of the health service last answered, also once its gauges are gone.',
    labels: perEndpoint,
  },
  droppedEntries: {
    name: 'gatewayz_health_dropped_entries_total',
    type: 'counter',
    help: 'Entries of answers that made no sense and were left out, by endpoint.',
    labels: perEndpoint,
  },
} as const satisfies Record<string, MetricDefinition>;

/** Every metric that the poll of the health service sets, as data. */
export const healthServiceCatalogue: readonly MetricDefinition[] = [
  up,
  ...Object.values(byField),
  ...Object.values(rest),
];

/** The metrics of {@link healthServiceCatalogue}, ready for their labels. */
export interface HealthServiceFamilies {
  readonly up: Gauge;
  readonly byField: Readonly<Record<GaugeField, Gauge>>;
  readonly statusDistribution: Gauge<'status'>;
  readonly cacheAvailable: Gauge<'cache_type'>;
  readonly lastSuccess: Gauge;
  readonly scrapeErrors: Counter;
  readonly pollDuration: Histogram<'endpoint'>;
  readonly pollErrors: Counter<'endpoint' | 'reason'>;
  readonly dataAge: Gauge<'endpoint'>;
  readonly droppedEntries: Counter<'endpoint'>;
}

/** Registers every metric of {@link healthServiceCatalogue}; gauges without labels have no series yet. */
export function createHealthServiceFamilies(registry: Registry): HealthServiceFamilies {
  const absent = (definition: BareGauge): Gauge => {
    const family = registry.gauge(definition);
    family.remove();
    return family;
  };
  const fields = Object.entries(byField).map(([field, definition]) => [field, absent(definition)]);
  return {
    up: absent(up),
    byField: Object.fromEntries(fields) as Record<GaugeField, Gauge>,
    statusDistribution: registry.gauge(rest.statusDistribution),
    cacheAvailable: registry.gauge(rest.cacheAvailable),
    lastSuccess: absent(rest.lastSuccess),
    scrapeErrors: registry.counter(rest.scrapeErrors),
    pollDuration: registry.histogram(rest.pollDuration),
    pollErrors: registry.counter(rest.pollErrors),
    dataAge: registry.gauge(rest.dataAge),
    droppedEntries: registry.counter(rest.droppedEntries),
  };
}
