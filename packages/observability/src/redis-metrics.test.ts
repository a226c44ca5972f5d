import { createRegistry, type Registry } from '@gatewayz/metrics';
import { beforeEach, expect, test } from 'vitest';
import { createRedisMetrics, type RedisMetrics, type RedisNumbers, redisCatalogue } from './redis-metrics.ts';

let registry: Registry;
let metrics: RedisMetrics;

beforeEach(() => {
  registry = createRegistry({ selfMetrics: false });
  metrics = createRedisMetrics(registry);
});

const valuesOf = (name: string): readonly number[] => [...registry.samples(name)].map(({ value }) => value);

const numbers: RedisNumbers = {
  memoryUsedBytes: 1000,
  memoryMaxBytes: 0,
  connectedClients: 3,
  keyspaceHits: 40,
  keyspaceMisses: 4,
  expiredKeys: 2,
  evictedKeys: 1,
};

test('no gauge of Redis is there before anything is known', () => {
  const gauges = redisCatalogue.filter(({ type }) => type === 'gauge');
  expect(gauges).toHaveLength(4);
  expect(gauges.flatMap(({ name }) => valuesOf(name))).toEqual([]);
});

test('what Redis says is shown, and taken out when it says nothing any more', () => {
  metrics.info(numbers);
  expect(valuesOf('redis_up')).toEqual([1]);
  expect(valuesOf('redis_memory_used_bytes')).toEqual([1000]);
  expect(valuesOf('redis_memory_max_bytes')).toEqual([0]);
  expect(valuesOf('redis_connected_clients')).toEqual([3]);
  metrics.info({ ...numbers, connectedClients: null });
  expect(valuesOf('redis_connected_clients')).toEqual([]);
  metrics.info(null);
  expect(valuesOf('redis_up')).toEqual([0]);
  expect(valuesOf('redis_memory_used_bytes')).toEqual([]);
  expect(valuesOf('redis_keyspace_hits_total')).toEqual([40]);
});

test('totals rise with those of Redis, and go on rising when it has begun anew', () => {
  for (const keyspaceHits of [40, 45, 45, 5, 6]) metrics.info({ ...numbers, keyspaceHits });
  metrics.info({ ...numbers, keyspaceHits: null });
  expect(valuesOf('redis_keyspace_hits_total')).toEqual([51]);
  expect(valuesOf('redis_keyspace_misses_total')).toEqual([4]);
  expect(valuesOf('redis_expired_keys_total')).toEqual([2]);
  expect(valuesOf('redis_evicted_keys_total')).toEqual([1]);
});

test('operations are counted by how they end, and timed', () => {
  metrics.operation({ operation: 'limit', status: 'success', seconds: 0.002 });
  metrics.operation({ operation: 'limit', status: 'timeout', seconds: 0.15 });
  expect([...registry.samples('gatewayz_redis_operations_total')]).toMatchObject([
    { labels: { operation: 'limit', status: 'success' }, value: 1 },
    { labels: { operation: 'limit', status: 'timeout' }, value: 1 },
  ]);
  const samples = [...registry.samples('gatewayz_redis_operation_duration_seconds')];
  expect(samples.find(({ name }) => name.endsWith('_count'))?.value).toBe(2);
  expect(samples.find(({ name }) => name.endsWith('_sum'))?.value).toBeCloseTo(0.152);
});
