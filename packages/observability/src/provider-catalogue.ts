import type { Counter, Gauge, Histogram, Registry } from '@gatewayz/metrics';
import type { MetricDefinition } from './metric-definition.ts';

const perProvider = ['provider'] as const;
const stateLabels = ['provider', 'state'] as const;

/** The provider health section of the metric contract, and two metrics beside it for single targets. */
const definitions = {
  availability: {
    name: 'provider_availability',
    type: 'gauge',
    help: '0 while the breaker is open or the last three probes failed, else 1; 1 where nothing is known.',
    labels: perProvider,
  },
  errorRate: {
    name: 'provider_error_rate',
    type: 'gauge',
    help: 'Failed attempts among those that succeeded or failed lately, 0 to 1; 0 where there were none.',
    labels: perProvider,
  },
  responseTime: {
    name: 'provider_response_time_seconds',
    type: 'histogram',
    help: 'Response times of the attempts that say something of the provider.',
    labels: perProvider,
    buckets: [0.1, 0.5, 1, 2, 2.5, 5, 10, 30],
  },
  score: {
    name: 'gatewayz_provider_health_score',
    type: 'gauge',
    help: 'Health score, 0 to 1: 0.4 availability, 0.3 success rate, 0.3 latency.',
    labels: perProvider,
  },
  scorePercent: {
    name: 'provider_health_score',
    type: 'gauge',
    help: 'gatewayz_provider_health_score in percent.',
    labels: perProvider,
  },
  windowSamples: {
    name: 'gatewayz_provider_window_samples',
    type: 'gauge',
    help: 'Attempts of any outcome behind the error rate and the score.',
    labels: perProvider,
  },
  providersTotal: {
    name: 'gatewayz_providers_total',
    type: 'gauge',
    help: 'Providers configured.',
    labels: [],
  },
  providersHealthy: {
    name: 'gatewayz_providers_healthy',
    type: 'gauge',
    help: 'Providers that are healthy, those without recent attempts among them.',
    labels: [],
  },
  providersDegraded: {
    name: 'gatewayz_providers_degraded',
    type: 'gauge',
    help: 'Providers whose score is below 0.8.',
    labels: [],
  },
  providersDown: {
    name: 'gatewayz_providers_down',
    type: 'gauge',
    help: 'Providers whose availability is 0.',
    labels: [],
  },
  breakerState: {
    name: 'gatewayz_circuit_breaker_state',
    type: 'gauge',
    help: "1 for the state that the provider's breaker is in, 0 for the others.",
    labels: stateLabels,
  },
  breakerCurrentState: {
    name: 'circuit_breaker_current_state',
    type: 'gauge',
    help: 'The same as gatewayz_circuit_breaker_state.',
    labels: stateLabels,
  },
  transitions: {
    name: 'circuit_breaker_state_transitions_total',
    type: 'counter',
    help: "Changes of the state of providers' breakers.",
    labels: ['provider', 'from_state', 'to_state'],
  },
  failures: {
    name: 'circuit_breaker_failures_total',
    type: 'counter',
    help: 'Attempts that count against the provider, by the state of its breaker.',
    labels: stateLabels,
  },
  successes: {
    name: 'circuit_breaker_successes_total',
    type: 'counter',
    help: 'Attempts that succeeded, by the state of the breaker of their provider.',
    labels: stateLabels,
  },
  rejected: {
    name: 'circuit_breaker_rejected_requests_total',
    type: 'counter',
    help: 'Times that a target of the provider was passed over for an open breaker.',
    labels: perProvider,
  },
  opens: {
    name: 'gatewayz_circuit_breaker_opens_total',
    type: 'counter',
    help: 'Breakers opened, of the provider and of single models, by reason.',
    labels: ['provider', 'reason'],
  },
  slowRequests: {
    name: 'provider_slow_requests_total',
    type: 'counter',
    help: 'Attempts that took over 30 s (slow), 45 s (very_slow) or 60 s (critical), each counted once.',
    labels: ['provider', 'model', 'severity'],
    maxSeries: 3 * 1000,
  },
  leastBad: {
    name: 'gatewayz_least_bad_attempts_total',
    type: 'counter',
    help: 'Attempts made though every target was open or cooling off.',
    labels: ['provider', 'model'],
  },
  modelBreakerState: {
    name: 'gatewayz_model_circuit_breaker_state',
    type: 'gauge',
    help: "1 for the state that a model's own breaker is in, 0 for the others; for models whose breaker ever left closed.",
    labels: ['provider', 'model', 'state'],
    maxSeries: 3 * 1000,
  },
} as const satisfies Record<string, MetricDefinition>;

/** Every metric of the provider health section, as data. */
export const providerCatalogue: readonly MetricDefinition[] = Object.values(definitions);

/** The metrics of the provider health section, ready for their labels. */
export interface ProviderFamilies {
  readonly availability: Gauge<'provider'>;
  readonly errorRate: Gauge<'provider'>;
  readonly responseTime: Histogram<'provider'>;
  readonly score: Gauge<'provider'>;
  readonly scorePercent: Gauge<'provider'>;
  readonly windowSamples: Gauge<'provider'>;
  readonly providersTotal: Gauge;
  readonly providersHealthy: Gauge;
  readonly providersDegraded: Gauge;
  readonly providersDown: Gauge;
  readonly breakerState: Gauge<'provider' | 'state'>;
  readonly breakerCurrentState: Gauge<'provider' | 'state'>;
  readonly transitions: Counter<'provider' | 'from_state' | 'to_state'>;
  readonly failures: Counter<'provider' | 'state'>;
  readonly successes: Counter<'provider' | 'state'>;
  readonly rejected: Counter<'provider'>;
  readonly opens: Counter<'provider' | 'reason'>;
  readonly slowRequests: Counter<'provider' | 'model' | 'severity'>;
  readonly leastBad: Counter<'provider' | 'model'>;
  readonly modelBreakerState: Gauge<'provider' | 'model' | 'state'>;
}

/** Registers every metric of {@link providerCatalogue}. */
export function createProviderFamilies(registry: Registry): ProviderFamilies {
  return {
    availability: registry.gauge(definitions.availability),
    errorRate: registry.gauge(definitions.errorRate),
    responseTime: registry.histogram(definitions.responseTime),
    score: registry.gauge(definitions.score),
    scorePercent: registry.gauge(definitions.scorePercent),
    windowSamples: registry.gauge(definitions.windowSamples),
    providersTotal: registry.gauge(definitions.providersTotal),
    providersHealthy: registry.gauge(definitions.providersHealthy),
    providersDegraded: registry.gauge(definitions.providersDegraded),
    providersDown: registry.gauge(definitions.providersDown),
    breakerState: registry.gauge(definitions.breakerState),
    breakerCurrentState: registry.gauge(definitions.breakerCurrentState),
    transitions: registry.counter(definitions.transitions),
    failures: registry.counter(definitions.failures),
    successes: registry.counter(definitions.successes),
    rejected: registry.counter(definitions.rejected),
    opens: registry.counter(definitions.opens),
    slowRequests: registry.counter(definitions.slowRequests),
    leastBad: registry.counter(definitions.leastBad),
    modelBreakerState: registry.gauge(definitions.modelBreakerState),
  };
}
