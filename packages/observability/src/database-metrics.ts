import type { Registry } from '@gatewayz/metrics';
import type { MetricDefinition } from './metric-definition.ts';

const perPool = ['pool_name'] as const;

/** The rows of the metric contract for databases and caches. */
const definitions = {
  queries: {
    name: 'database_queries_total',
    type: 'counter',
    help: 'Queries that ended, failed ones among them.',
    labels: ['table', 'operation'],
  },
  queryDuration: {
    name: 'database_query_duration_seconds',
    type: 'histogram',
    help: 'Time that queries took.',
    labels: ['table', 'operation'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  },
  poolSize: {
    name: 'connection_pool_size',
    type: 'gauge',
    help: 'Connections of a pool.',
    labels: perPool,
  },
  poolActive: {
    name: 'connection_pool_active_connections',
    type: 'gauge',
    help: 'Connections of a pool that are in use.',
    labels: perPool,
  },
  poolIdle: {
    name: 'connection_pool_idle_connections',
    type: 'gauge',
    help: 'Connections of a pool that wait for work.',
    labels: perPool,
  },
  poolUtilization: {
    name: 'connection_pool_utilization_ratio',
    type: 'gauge',
    help: 'Connections in use among those that a pool has, 0 to 1.',
    labels: perPool,
  },
  poolErrors: {
    name: 'connection_pool_errors_total',
    type: 'counter',
    help: 'Errors of a pool of connections, by kind.',
    labels: ['pool_name', 'error_type'],
  },
  cacheHits: {
    name: 'cache_hits_total',
    type: 'counter',
    help: 'Look-ups that a cache could answer.',
    labels: ['cache_name'],
  },
  cacheMisses: {
    name: 'cache_misses_total',
    type: 'counter',
    help: 'Look-ups that a cache could not answer.',
    labels: ['cache_name'],
  },
  cacheSize: {
    name: 'cache_size_bytes',
    type: 'gauge',
    help: 'Size of what a cache holds.',
    labels: ['cache_name'],
  },
} as const satisfies Record<string, MetricDefinition>;

/** Every metric of databases and caches, as data. */
export const databaseCatalogue: readonly MetricDefinition[] = Object.values(definitions);

/** The labels of a query: words of the application, few and fixed. */
export interface DatabaseQuery {
  readonly table: string;
  readonly operation: string;
}

/** The connections of a pool at one moment. */
export interface PoolConnections {
  readonly size: number;
  readonly active: number;
  readonly idle: number;
}

/** The metrics of one pool of connections. */
export interface PoolMetrics {
  set(connections: PoolConnections): void;
  /** `errorType` is one of few fixed words, such as `timeout`. */
  error(errorType: string): void;
}

/** The metrics of one cache. */
export interface CacheMetrics {
  hit(): void;
  miss(): void;
  size(bytes: number): void;
  /** Runs a look-up and counts it: `null` and `undefined` are misses, and what fails is neither. */
  wrap<T>(lookUp: () => T): T;
}

/** The database and cache metrics of one application. */
export interface DatabaseMetrics {
  /** A query ended after `seconds`. */
  query(query: DatabaseQuery, seconds: number): void;
  pool(name: string): PoolMetrics;
  cache(name: string): CacheMetrics;
}

/** Creates the database and cache rows of the metric contract on a registry. */
export function createDatabaseMetrics(registry: Registry): DatabaseMetrics {
  const queries = registry.counter(definitions.queries);
  const queryDuration = registry.histogram(definitions.queryDuration);
  return {
    query({ table, operation }, seconds) {
      queries.labels({ table, operation }).inc();
      queryDuration.labels({ table, operation }).observe(seconds);
    },
    pool: createPools(registry),
    cache: createCaches(registry),
  };
}

function createPools(registry: Registry): (name: string) => PoolMetrics {
  const size = registry.gauge(definitions.poolSize);
  const active = registry.gauge(definitions.poolActive);
  const idle = registry.gauge(definitions.poolIdle);
  const utilization = registry.gauge(definitions.poolUtilization);
  const errors = registry.counter(definitions.poolErrors);
  return (name) => {
    const labels = { pool_name: name };
    return {
      set(connections) {
        size.labels(labels).set(connections.size);
        active.labels(labels).set(connections.active);
        idle.labels(labels).set(connections.idle);
        utilization.labels(labels).set(connections.size > 0 ? connections.active / connections.size : 0);
      },
      error: (errorType) => errors.labels({ pool_name: name, error_type: errorType }).inc(),
    };
  };
}

function createCaches(registry: Registry): (name: string) => CacheMetrics {
  const hits = registry.counter(definitions.cacheHits);
  const misses = registry.counter(definitions.cacheMisses);
  const size = registry.gauge(definitions.cacheSize);
  return (name) => {
    const labels = { cache_name: name };
    const hit = hits.labels(labels);
    const miss = misses.labels(labels);
    const count = (found: unknown): void => (found === undefined || found === null ? miss : hit).inc();
    return {
      hit: () => hit.inc(),
      miss: () => miss.inc(),
      size: (bytes) => size.labels(labels).set(bytes),
      wrap: <T>(lookUp: () => T): T => whenDone(lookUp(), count),
    };
  };
}

/** Tells of a result, now or when its promise is fulfilled, and hands on the same result. */
function whenDone<T>(result: T, tell: (value: unknown) => void): T {
  if (!(result instanceof Promise)) {
    tell(result);
    return result;
  }
  return result.then((value) => {
    tell(value);
    return value;
  }) as T;
}
