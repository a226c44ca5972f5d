import type { MetricDefinition } from '@gatewayz/observability';

type Row = readonly [
  name: string,
  type: MetricDefinition['type'],
  help: string,
  ...labels: readonly string[],
];

const ROWS: readonly Row[] = [
  [
    'gatewayz_redis_operations_total',
    'counter',
    'Operations on Redis, by how they ended.',
    'operation',
    'status',
  ],
  [
    'gatewayz_redis_operation_duration_seconds',
    'histogram',
    'Time that operations on Redis took.',
    'operation',
  ],
  ['redis_up', 'gauge', '1 while Redis answers.'],
  ['redis_memory_used_bytes', 'gauge', 'Memory that Redis uses.'],
  ['redis_memory_max_bytes', 'gauge', 'Memory that Redis may use; 0 where there is no limit.'],
  ['redis_connected_clients', 'gauge', 'Clients of Redis.'],
  ['redis_keyspace_hits_total', 'counter', 'Look-ups that found their key in Redis.'],
  ['redis_keyspace_misses_total', 'counter', 'Look-ups that found no key in Redis.'],
  ['redis_expired_keys_total', 'counter', 'Keys of Redis that ran out.'],
  ['redis_evicted_keys_total', 'counter', 'Keys of Redis that had to go for want of memory.'],
  ['rate_limited_requests_total', 'counter', 'Requests over a limit, by kind of limit.', 'limit_type'],
  ['rate_limit_rejections_total', 'counter', 'Requests over a limit, by endpoint.', 'endpoint'],
  ['current_rate_limit', 'gauge', 'The limits in force.', 'limit_type'],
  ['active_api_keys', 'gauge', 'Keys of clients, by status.', 'status'],
  ['api_key_usage_total', 'counter', 'Requests with a key, by what was found of it.', 'status'],
  ['subscription_count', 'gauge', 'Subscriptions.', 'plan_type', 'billing_cycle'],
  ['trial_active', 'gauge', 'Trials, by status.', 'status'],
  ['user_credit_balance', 'gauge', 'Credits that users have left.', 'plan_type'],
  ['gatewayz_log_lines_total', 'counter', 'Log lines by what became of them.', 'outcome'],
  ['loki_log_queue_size', 'gauge', 'Log lines that wait to be sent.'],
  ['gatewayz_spans_total', 'counter', 'Spans by what became of them.', 'outcome'],
];

/** The part of the contract that no catalogue of the code has as data. */
export const contractRest: readonly MetricDefinition[] = ROWS.map(([name, type, help, ...labels]) => ({
  name,
  type,
  help,
  labels,
}));
