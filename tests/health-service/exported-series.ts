import type { Metrics } from '@gatewayz/testkit';

type Json = Readonly<Record<string, unknown>>;

/** What the endpoints of a health service say that is exported. */
export interface HealthAnswers {
  readonly status: Json;
  readonly metrics: Json;
  readonly cache: Json;
}

/** The exported names by the endpoint and the field that each is to have the value of. */
const FIELDS: Readonly<Record<keyof HealthAnswers, Readonly<Record<string, string>>>> = {
  status: {
    gatewayz_health_monitoring_active: 'health_monitoring_active',
    gatewayz_availability_monitoring_active: 'availability_monitoring_active',
    gatewayz_health_check_interval_seconds: 'health_check_interval',
    gatewayz_health_tracked_models: 'models_tracked',
    gatewayz_health_tracked_providers: 'providers_tracked',
    gatewayz_health_tracked_gateways: 'gateways_tracked',
    gatewayz_availability_cache_size: 'availability_cache_size',
  },
  metrics: {
    gatewayz_health_total_models: 'total_models',
    gatewayz_health_total_providers: 'total_providers',
    gatewayz_health_total_gateways: 'total_gateways',
    gatewayz_health_tracked_models_count: 'tracked_models',
    gatewayz_health_active_incidents: 'active_incidents',
    'gatewayz_health_status_distribution{status}': 'status_distribution',
  },
  cache: {
    'gatewayz_health_cache_available{redis}': 'cache_available',
    'gatewayz_health_cache_available{system_health}': 'system_health_cached',
    'gatewayz_health_cache_available{providers_health}': 'providers_health_cached',
    'gatewayz_health_cache_available{models_health}': 'models_health_cached',
  },
};

const bare = (name: string): string => name.replace(/\{.*/, '');

/** The gauges that hold what an endpoint says, by the path of that endpoint. */
export const GAUGES_BY_PATH: Readonly<Record<string, readonly string[]>> = {
  '/status': Object.keys(FIELDS.status).map(bare),
  '/metrics': Object.keys(FIELDS.metrics).map(bare),
  '/cache/stats': [...new Set(Object.keys(FIELDS.cache).map(bare))],
};

/** All 17 names of the contract. */
export const HEALTH_METRICS: readonly string[] = [
  'gatewayz_health_service_up',
  ...Object.values(GAUGES_BY_PATH).flat(),
  'gatewayz_health_service_last_successful_scrape',
  'gatewayz_health_service_scrape_errors_total',
];

/** The series that are right for these answers, as `name{label values} number`, sorted. */
export function expectedSeries(answers: HealthAnswers): readonly string[] {
  const lines = (Object.keys(FIELDS) as (keyof HealthAnswers)[]).flatMap((endpoint) =>
    Object.entries(FIELDS[endpoint]).flatMap(([name, field]) => {
      const value = answers[endpoint][field];
      if (typeof value !== 'object' || value === null) return [`${name} ${Number(value)}`];
      return Object.entries(value).map(([status, count]) => `${bare(name)}{${status}} ${count}`);
    }),
  );
  return lines.sort();
}

/** The series of the same names that a scrape has, in the same words. */
export function exportedSeries(metrics: Metrics): readonly string[] {
  const lines = Object.values(GAUGES_BY_PATH)
    .flat()
    .flatMap((name) =>
      metrics.series(name).map(({ labels, value }) => {
        const values = Object.values(labels).join(',');
        return `${name}${values === '' ? '' : `{${values}}`} ${value}`;
      }),
    );
  return lines.sort();
}
