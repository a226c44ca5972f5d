import { type Registry, respondWithMetrics } from '@gatewayz/metrics';
import type { FastifyInstance } from 'fastify';
import type { SnapshotCache } from '../cache/snapshot-cache.ts';
import type { HealthViews } from '../monitor/health-views.ts';
import { VERSION } from '../version.ts';
import { prefersExposition } from './prefers-exposition.ts';

const SERVICE = 'gatewayz-health-service';

/** What the routes of state read. */
export interface StatusParts {
  readonly views: HealthViews;
  readonly cache: SnapshotCache;
  readonly registry: Registry;
  /** The longest time between two checks of a critical target. */
  readonly intervalMs: number;
  /** `offline`: the monitor's own network is dead. `degraded`: the database does not answer. */
  readonly status: () => 'healthy' | 'degraded' | 'offline';
  readonly isMonitoring: () => boolean;
}

/** Adds what the gateway's poller asks: /health, /status, /metrics and /cache/stats, and the list of all routes. */
export function addStatusRoutes(server: FastifyInstance, parts: StatusParts): void {
  const { views, cache, registry } = parts;
  const timestamp = (): string => new Date().toISOString();

  server.get('/', () => ({
    service: SERVICE,
    version: VERSION,
    timestamp: timestamp(),
    endpoints: ENDPOINTS,
  }));

  server.get('/health', () => ({
    status: parts.status(),
    service: SERVICE,
    version: VERSION,
    timestamp: timestamp(),
  }));

  server.get('/status', () => {
    const totals = views.totals();
    const isActive = parts.isMonitoring();
    return {
      status: parts.status(),
      service: SERVICE,
      version: VERSION,
      health_monitoring_active: isActive,
      availability_monitoring_active: isActive,
      models_tracked: totals.tracked_models,
      providers_tracked: totals.total_providers,
      gateways_tracked: totals.total_gateways,
      availability_cache_size: views.knownTargets(),
      health_check_interval: parts.intervalMs / 1000,
      active_incidents: totals.active_incidents,
      timestamp: timestamp(),
    };
  });

  server.get('/metrics', async (request, reply) => {
    const { accept = '', 'accept-encoding': encoding } = request.headers;
    reply.header('vary', 'accept');
    if (!prefersExposition(accept)) return { ...views.totals(), timestamp: timestamp() };
    const acceptEncoding = String(encoding ?? '');
    const { headers, body } = await respondWithMetrics(registry, { accept, acceptEncoding });
    return reply.headers(headers).send(body);
  });

  server.get('/cache/stats', async () => {
    const cached = await cache.cached();
    return {
      cache_available: cache.isAvailable(),
      system_health_cached: cached.system_health,
      providers_health_cached: cached.providers_health,
      models_health_cached: cached.models_health,
      timestamp: timestamp(),
    };
  });
}

const ENDPOINTS: readonly string[] = [
  'GET /health',
  'GET /status',
  'GET /metrics',
  'GET /cache/stats',
  'GET /models',
  'GET /providers',
  'GET /gateways',
  'GET /incidents',
  'GET /incidents/:id',
  'POST /incidents/:id/acknowledge',
  'GET /uptime',
  'GET /uptime/models',
  'GET /uptime/providers',
  'GET /uptime/gateways',
  'POST /check/trigger',
];
