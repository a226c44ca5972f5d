import type { Counter, Gauge, Registry } from '@gatewayz/metrics';
import type { MetricDefinition } from './metric-definition.ts';

/** The Redis section of the metric contract. */
const definitions = {
  operations: {
    name: 'gatewayz_redis_operations_total',
    type: 'counter',
    help: 'Operations that were asked of Redis, by how they ended.',
    labels: ['operation', 'status'],
  },
  operationDuration: {
    name: 'gatewayz_redis_operation_duration_seconds',
    type: 'histogram',
    help: 'Time to the answer of Redis, or until it was given up.',
    labels: ['operation'],
    buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25],
  },
  up: {
    name: 'redis_up',
    type: 'gauge',
    help: '1 where Redis told of itself when it was last asked, else 0.',
    labels: [],
  },
  memoryUsed: {
    name: 'redis_memory_used_bytes',
    type: 'gauge',
    help: 'Memory that Redis uses.',
    labels: [],
  },
  memoryMax: {
    name: 'redis_memory_max_bytes',
    type: 'gauge',
    help: 'Memory that Redis may use, 0 where it has no limit.',
    labels: [],
  },
  connectedClients: {
    name: 'redis_connected_clients',
    type: 'gauge',
    help: 'Connections that Redis has.',
    labels: [],
  },
  keyspaceHits: {
    name: 'redis_keyspace_hits_total',
    type: 'counter',
    help: 'Look-ups of keys that were there.',
    labels: [],
  },
  keyspaceMisses: {
    name: 'redis_keyspace_misses_total',
    type: 'counter',
    help: 'Look-ups of keys that were not there.',
    labels: [],
  },
  expiredKeys: {
    name: 'redis_expired_keys_total',
    type: 'counter',
    help: 'Keys that came to their end.',
    labels: [],
  },
  evictedKeys: {
    name: 'redis_evicted_keys_total',
    type: 'counter',
    help: 'Keys that were given up for want of memory.',
    labels: [],
  },
} as const satisfies Record<string, MetricDefinition>;

/** Every metric of Redis, as data. */
export const redisCatalogue: readonly MetricDefinition[] = Object.values(definitions);

/** One thing asked of Redis; `operation` is a word of the application, of which there are few. */
export interface RedisOperation {
  readonly operation: string;
  readonly status: 'success' | 'error' | 'timeout';
  readonly seconds: number;
}

/** What Redis says of itself; null is what it did not say. Those from the hits on count since it started. */
export interface RedisNumbers {
  readonly memoryUsedBytes: number | null;
  readonly memoryMaxBytes: number | null;
  readonly connectedClients: number | null;
  readonly keyspaceHits: number | null;
  readonly keyspaceMisses: number | null;
  readonly expiredKeys: number | null;
  readonly evictedKeys: number | null;
}

/** The Redis metrics of one application; to be created only where it has a Redis. */
export interface RedisMetrics {
  operation(operation: RedisOperation): void;
  /** Shows what Redis said of itself; null, where it said nothing, takes out what was shown. */
  info(numbers: RedisNumbers | null): void;
}

/** Creates the Redis section of the metric contract on a registry. */
export function createRedisMetrics(registry: Registry): RedisMetrics {
  const operations = registry.counter(definitions.operations);
  const durations = registry.histogram(definitions.operationDuration);
  return {
    operation({ operation, status, seconds }) {
      operations.labels({ operation, status }).inc();
      durations.labels({ operation }).observe(seconds);
    },
    info: createInfo(registry),
  };
}

function createInfo(registry: Registry): RedisMetrics['info'] {
  const up = registry.gauge(definitions.up);
  up.remove();
  const show = {
    memoryUsedBytes: showGauge(registry.gauge(definitions.memoryUsed)),
    memoryMaxBytes: showGauge(registry.gauge(definitions.memoryMax)),
    connectedClients: showGauge(registry.gauge(definitions.connectedClients)),
    keyspaceHits: followTotal(registry.counter(definitions.keyspaceHits)),
    keyspaceMisses: followTotal(registry.counter(definitions.keyspaceMisses)),
    expiredKeys: followTotal(registry.counter(definitions.expiredKeys)),
    evictedKeys: followTotal(registry.counter(definitions.evictedKeys)),
  } satisfies Record<keyof RedisNumbers, (value: number | null) => void>;
  const names = Object.keys(show) as (keyof RedisNumbers)[];
  return (numbers) => {
    up.set(numbers === null ? 0 : 1);
    for (const name of names) show[name](numbers?.[name] ?? null);
  };
}

/** A gauge without a series until its value is known, and again when it no longer is. */
function showGauge(gauge: Gauge): (value: number | null) => void {
  gauge.remove();
  return (value) => {
    if (value === null) gauge.remove();
    else gauge.set(value);
  };
}

/** Follows a total that somebody else keeps, and that begins again at 0 when it is started anew. */
function followTotal(counter: Counter): (value: number | null) => void {
  let last = 0;
  return (value) => {
    if (value === null) return;
    counter.inc(value >= last ? value - last : value);
    last = value;
  };
}
