import type { Registry } from '@gatewayz/metrics';
import type { MetricDefinition } from './metric-definition.ts';

/** The rows of the metric contract for limits of rate and concurrency. */
const definitions = {
  limited: {
    name: 'rate_limited_requests_total',
    type: 'counter',
    help: 'Requests refused for a limit of their key or user, by kind of limit.',
    labels: ['limit_type'],
  },
  rejections: {
    name: 'rate_limit_rejections_total',
    type: 'counter',
    help: 'The same, by endpoint.',
    labels: ['endpoint'],
  },
  current: {
    name: 'current_rate_limit',
    type: 'gauge',
    help: 'The limit of a key that has none of its own, by kind.',
    labels: ['limit_type'],
  },
} as const satisfies Record<string, MetricDefinition>;

/** Every metric of limits, as data. */
export const limitCatalogue: readonly MetricDefinition[] = Object.values(definitions);

const LIMIT_TYPES = ['requests', 'tokens', 'concurrency'] as const;

/** What is limited: requests or tokens per minute, or requests at the same time. */
export type LimitKind = (typeof LIMIT_TYPES)[number];

/** The limit metrics of one application. */
export interface LimitMetrics {
  /** A request to an endpoint, one of few fixed words, was refused. */
  refused(kind: LimitKind, endpoint: string): void;
  /** The limit of keys that have none of their own; null takes it out. */
  current(kind: LimitKind, limit: number | null): void;
}

/** Creates the limit rows of the metric contract on a registry; kinds of limits count from 0. */
export function createLimitMetrics(registry: Registry): LimitMetrics {
  const limited = registry.counter(definitions.limited);
  const rejections = registry.counter(definitions.rejections);
  const current = registry.gauge(definitions.current);
  for (const kind of LIMIT_TYPES) limited.labels({ limit_type: kind });
  return {
    refused(kind, endpoint) {
      limited.labels({ limit_type: kind }).inc();
      rejections.labels({ endpoint }).inc();
    },
    current(kind, limit) {
      const labels = { limit_type: kind };
      if (limit === null) current.remove(labels);
      else current.labels(labels).set(limit);
    },
  };
}
