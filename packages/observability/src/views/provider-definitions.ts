import { average, collapse, compare, current, multiply, quantile, rate } from './expression.ts';
import type { Definitions } from './view-definition.ts';

const shared = { type: 'gauge', views: ['providers'], filters: ['provider'] } as const;

const availability = current('avg', 'provider_availability', ['provider']);
const score = current('avg', 'gatewayz_provider_health_score', ['provider']);

/** Below, most processes hold the provider for down; in one process availability is 0 or 1. */
const MOST = 0.5;
/** Below, a provider is degraded. */
const HEALTHY_SCORE = 0.8;

const isAvailable = compare(availability, '>=', MOST);

/** What is known of providers: each one in one of three statuses, as `GET /health/dashboard` draws the lines. */
export const providerDefinitions: Definitions<
  | 'known'
  | 'healthy'
  | 'degraded'
  | 'unavailable'
  | 'availability'
  | 'errorRatio'
  | 'score'
  | 'samples'
  | 'breakers'
  | 'responseTimeAverage'
  | 'responseTimeP95'
  | 'attempts'
> = {
  known: {
    ...shared,
    name: 'gatewayz_known_providers',
    help: 'Providers known.',
    unit: 'count',
    labels: [],
    expression: collapse('count', availability),
  },
  healthy: {
    ...shared,
    name: 'gatewayz_healthy_providers',
    help: 'Providers that are available with a score of at least 0.8.',
    unit: 'count',
    labels: [],
    expression: collapse('sum', multiply(isAvailable, compare(score, '>=', HEALTHY_SCORE))),
  },
  degraded: {
    ...shared,
    name: 'gatewayz_degraded_providers',
    help: 'Providers that are available with a score below 0.8.',
    unit: 'count',
    labels: [],
    expression: collapse('sum', multiply(isAvailable, compare(score, '<', HEALTHY_SCORE))),
  },
  unavailable: {
    ...shared,
    name: 'gatewayz_unavailable_providers',
    help: 'Providers that most processes hold for down.',
    unit: 'count',
    labels: [],
    expression: collapse('sum', compare(availability, '<', MOST)),
  },
  availability: {
    ...shared,
    name: 'gatewayz_provider_availability_ratio',
    help: 'Share of the processes for which the provider is available, 0 to 1.',
    unit: 'ratio',
    labels: ['provider'],
    expression: availability,
  },
  errorRatio: {
    ...shared,
    name: 'gatewayz_provider_error_ratio',
    help: 'Failed attempts among those that succeeded or failed lately, 0 to 1, the mean of the processes.',
    unit: 'ratio',
    labels: ['provider'],
    expression: current('avg', 'provider_error_rate', ['provider']),
  },
  score: {
    ...shared,
    name: 'gatewayz_provider_score_ratio',
    help: 'Health score, 0 to 1, the mean of the processes.',
    unit: 'ratio',
    labels: ['provider'],
    expression: score,
  },
  samples: {
    ...shared,
    name: 'gatewayz_provider_attempts_in_window',
    help: 'Attempts behind the error ratio and the score.',
    unit: 'requests',
    labels: ['provider'],
    expression: current('sum', 'gatewayz_provider_window_samples', ['provider']),
  },
  breakers: {
    ...shared,
    name: 'gatewayz_provider_breakers',
    help: "Processes whose breaker of the provider is in the state; in one process 1 for the breaker's state, else 0.",
    unit: 'count',
    labels: ['provider', 'state'],
    expression: current('sum', 'gatewayz_circuit_breaker_state', ['provider', 'state']),
  },
  responseTimeAverage: {
    ...shared,
    name: 'gatewayz_provider_response_time_average_seconds',
    help: "Mean response time of the provider's attempts over the window.",
    unit: 'seconds',
    labels: ['provider'],
    expression: average('provider_response_time_seconds', ['provider']),
  },
  responseTimeP95: {
    ...shared,
    name: 'gatewayz_provider_response_time_p95_seconds',
    help: "95th percentile of the response time of the provider's attempts over the window.",
    unit: 'seconds',
    labels: ['provider'],
    expression: quantile(0.95, 'provider_response_time_seconds', ['provider']),
  },
  attempts: {
    ...shared,
    name: 'gatewayz_provider_attempt_rate',
    help: 'Attempts per second over the window, by outcome.',
    unit: 'per second',
    labels: ['provider', 'outcome'],
    filters: ['provider', 'model'],
    expression: rate('gatewayz_attempts_total', ['provider', 'outcome']),
  },
};
