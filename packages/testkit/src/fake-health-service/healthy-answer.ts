import type { HealthPath } from './health-script.ts';

const TIMESTAMP = '2030-01-01T00:00:00.000Z';

const ANSWERS: Readonly<Record<HealthPath, Readonly<Record<string, unknown>>>> = {
  '/health': { status: 'healthy', service: 'fake-health-service', timestamp: TIMESTAMP },
  '/status': {
    status: 'healthy',
    service: 'fake-health-service',
    health_monitoring_active: true,
    availability_monitoring_active: true,
    models_tracked: 120,
    providers_tracked: 12,
    gateways_tracked: 3,
    availability_cache_size: 118,
    health_check_interval: 300,
    timestamp: TIMESTAMP,
  },
  '/metrics': {
    total_models: 150,
    total_providers: 14,
    total_gateways: 4,
    tracked_models: 121,
    active_incidents: 2,
    status_distribution: { healthy: 110, degraded: 6, down: 3, unknown: 1 },
  },
  '/cache/stats': {
    cache_available: true,
    system_health_cached: true,
    providers_health_cached: true,
    models_health_cached: false,
    timestamp: TIMESTAMP,
  },
};

/** What a healthy service says at a path, with these fields instead of its own. */
export function toHealthyAnswer(path: HealthPath, fields: Readonly<Record<string, unknown>> = {}): Buffer {
  return Buffer.from(JSON.stringify({ ...ANSWERS[path], ...fields }));
}
