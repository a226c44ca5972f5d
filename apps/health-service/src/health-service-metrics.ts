import type { QueryEvent } from '@gatewayz/database';
import type { Registry } from '@gatewayz/metrics';
import type { Outcome } from '@gatewayz/provider-health';
import type { RedisEvent } from '@gatewayz/redis-link';
import type { ProbeCost } from './core/probe-budget.ts';
import type { ProbeKind } from './core/types.ts';

const QUERY_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const REDIS_BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25];

/** What the health service counts of itself. */
export interface HealthServiceMetrics {
  probeEnded(provider: string, kind: ProbeKind, outcome: Outcome): void;
  spent(provider: string, cost: ProbeCost): void;
  queryEnded(event: QueryEvent): void;
  redisAnswered(event: RedisEvent): void;
}

/**
 * Registers the health service's own metrics.
 *
 * @param isSpent whether a provider's budget of today is spent; asked at every scrape
 */
export function createHealthServiceMetrics(
  registry: Registry,
  providers: readonly string[],
  isSpent: (provider: string) => boolean,
): HealthServiceMetrics {
  const probes = registry.counter({
    name: 'gatewayz_probes_total',
    help: 'Probes by provider, kind and outcome.',
    labels: ['provider', 'kind', 'outcome'],
  });
  const tokens = registry.counter({
    name: 'gatewayz_probe_tokens_total',
    help: 'Tokens that probes have used.',
    labels: ['provider'],
  });
  const cost = registry.counter({
    name: 'gatewayz_probe_cost_usd_total',
    help: 'What probes have cost, in US dollars, where the model has a price.',
    labels: ['provider'],
  });
  const budgetSpent = registry.gauge({
    name: 'gatewayz_probe_budget_spent',
    help: '1 where the day has no budget left for completions, else 0.',
    labels: ['provider'],
  });
  const queries = registry.counter({
    name: 'database_queries_total',
    help: 'Calls of the store by table and operation.',
    labels: ['table', 'operation'],
  });
  const querySeconds = registry.histogram({
    name: 'database_query_duration_seconds',
    help: 'Time of a call of the store, its wait in the queue included.',
    labels: ['table', 'operation'],
    buckets: QUERY_BUCKETS,
  });
  const redis = registry.counter({
    name: 'gatewayz_redis_operations_total',
    help: 'Operations asked of Redis, by how they ended.',
    labels: ['operation', 'status'],
  });
  const redisSeconds = registry.histogram({
    name: 'gatewayz_redis_operation_duration_seconds',
    help: 'Time of an operation asked of Redis.',
    labels: ['operation'],
    buckets: REDIS_BUCKETS,
  });
  for (const provider of providers) {
    tokens.labels({ provider });
    cost.labels({ provider });
  }
  registry.collector('probe_budget', () => {
    for (const provider of providers) budgetSpent.labels({ provider }).set(isSpent(provider) ? 1 : 0);
  });
  return {
    probeEnded: (provider, kind, outcome) => probes.labels({ provider, kind, outcome }).inc(),
    spent: (provider, spent) => {
      tokens.labels({ provider }).inc(spent.tokens);
      cost.labels({ provider }).inc(spent.microUsd / 1_000_000);
    },
    queryEnded: ({ table, operation, seconds }) => {
      queries.labels({ table, operation }).inc();
      querySeconds.labels({ table, operation }).observe(seconds);
    },
    redisAnswered: ({ operation, status, seconds }) => {
      redis.labels({ operation, status }).inc();
      redisSeconds.labels({ operation }).observe(seconds);
    },
  };
}
