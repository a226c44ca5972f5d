/** The endpoints of the health service that a poll asks, by path. */
export const HEALTH_ENDPOINTS = ['/health', '/status', '/metrics', '/cache/stats'] as const;

/** One endpoint of the health service. */
export type HealthEndpoint = (typeof HEALTH_ENDPOINTS)[number];

/** One value an endpoint. */
export type ByEndpoint<T> = Readonly<Record<HealthEndpoint, T>>;

/** Makes one value an endpoint. */
export function byEndpoint<T>(make: (endpoint: HealthEndpoint) => T): ByEndpoint<T> {
  return {
    '/health': make('/health'),
    '/status': make('/status'),
    '/metrics': make('/metrics'),
    '/cache/stats': make('/cache/stats'),
  };
}

/** The fields that are read from each endpoint's answer: `amount` from 0 up, `flag` as 0 or 1. */
export const HEALTH_FIELDS = {
  '/health': {},
  '/status': {
    health_monitoring_active: 'flag',
    availability_monitoring_active: 'flag',
    models_tracked: 'amount',
    providers_tracked: 'amount',
    gateways_tracked: 'amount',
    availability_cache_size: 'amount',
    health_check_interval: 'amount',
  },
  '/metrics': {
    total_models: 'amount',
    total_providers: 'amount',
    total_gateways: 'amount',
    tracked_models: 'amount',
    active_incidents: 'amount',
  },
  '/cache/stats': {
    cache_available: 'flag',
    system_health_cached: 'flag',
    providers_health_cached: 'flag',
    models_health_cached: 'flag',
  },
} as const;

/** A field of any endpoint's answer; no two endpoints share a name. */
export type HealthField = { [E in HealthEndpoint]: keyof (typeof HEALTH_FIELDS)[E] }[HealthEndpoint];
