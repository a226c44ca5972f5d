import { max, metric, over, quantile, rate, sum } from '../build/expressions.ts';
import type { RowSpec } from '../build/panel-spec.ts';
import { falling, rising, row, series, stat } from './panels.ts';

const THIRD = { width: 8, min: 0 } as const;
const REDIS_TIME = 'gatewayz_redis_operation_duration_seconds';
const share = (part: string, rest: string): string => `${part} / (${part} + ${rest})`;
const hits = (labels: string): string =>
  share(sum(labels, rate('cache_hits_total')), sum(labels, rate('cache_misses_total')));

/** The database and its pools. */
export const database: RowSpec = row(
  'Database',
  series(
    'Queries',
    'ops',
    'Queries a second by table and operation.',
    { '{{table}} {{operation}}': sum('table operation', rate('database_queries_total')) },
    THIRD,
  ),
  series(
    'Query time, p95',
    's',
    'Time of 95% of the queries at most, by operation.',
    { '{{operation}}': quantile(0.95, 'database_query_duration_seconds', 'operation') },
    { ...THIRD, thresholds: rising(0.1, 0.5) },
  ),
  series(
    'Pool errors',
    'ops',
    'Errors of the pools of connections, by kind.',
    { '{{pool_name}}: {{error_type}}': sum('pool_name error_type', rate('connection_pool_errors_total')) },
    THIRD,
  ),
  series(
    'Pool',
    'short',
    'Connections of the pools: all, in use, waiting for work.',
    {
      '{{pool_name}} size': sum('pool_name', metric('connection_pool_size')),
      '{{pool_name}} active': sum('pool_name', metric('connection_pool_active_connections')),
      '{{pool_name}} idle': sum('pool_name', metric('connection_pool_idle_connections')),
    },
    { min: 0 },
  ),
  series(
    'Pool utilization',
    'percentunit',
    'Connections in use among those that a pool has.',
    { '{{pool_name}}': max('pool_name', metric('connection_pool_utilization_ratio')) },
    { min: 0, max: 1, thresholds: rising(0.7, 0.9) },
  ),
);

/** Redis, and the caches in it and beside it. */
export const redis: RowSpec = row(
  'Redis and caches',
  stat(
    'Redis',
    'bool_on_off',
    'Whether Redis answers. Without it limits and verdicts are each replica’s own.',
    over('min', '', metric('redis_up')),
    { thresholds: falling(0.5, 1) },
  ),
  stat(
    'Redis memory',
    'percentunit',
    'Memory of Redis among what it may use; nothing where it has no limit.',
    `${max('', metric('redis_memory_used_bytes'))} / (${max('', metric('redis_memory_max_bytes'))} > 0)`,
    { thresholds: rising(0.7, 0.9) },
  ),
  stat('Redis memory used', 'bytes', 'Memory that Redis uses.', max('', metric('redis_memory_used_bytes'))),
  stat(
    'Redis clients',
    'short',
    'Connections that Redis has open, of all its clients.',
    max('', metric('redis_connected_clients')),
  ),
  series(
    'Redis operations',
    'ops',
    'Operations on Redis by how they ended; after an error or timeout each replica goes on by itself.',
    { '{{operation}}: {{status}}': sum('operation status', rate('gatewayz_redis_operations_total')) },
    THIRD,
  ),
  series(
    'Redis time, p95',
    's',
    'Time of 95% of the operations on Redis at most.',
    { '{{operation}}': quantile(0.95, REDIS_TIME, 'operation') },
    { ...THIRD, thresholds: rising(0.05, 0.2) },
  ),
  series(
    'Redis keys',
    'ops',
    'Keys of Redis that ran out or had to go, and look-ups that found theirs.',
    {
      expired: sum('', rate('redis_expired_keys_total')),
      evicted: sum('', rate('redis_evicted_keys_total')),
      hits: sum('', rate('redis_keyspace_hits_total')),
      misses: sum('', rate('redis_keyspace_misses_total')),
    },
    THIRD,
  ),
  series(
    'Cache hits',
    'percentunit',
    'Share of the look-ups that a cache could answer.',
    { '{{cache_name}}': hits('cache_name') },
    { min: 0, max: 1 },
  ),
  series(
    'Cache size',
    'bytes',
    'Size of what the caches hold.',
    { '{{cache_name}}': sum('cache_name', metric('cache_size_bytes')) },
    { min: 0 },
  ),
);
