import { type Matchers, max, metric, quantile, rate, sum } from '../build/expressions.ts';
import type { DashboardSpec } from '../build/panel-spec.ts';
import { rising, row, series, stacked, states } from './panels.ts';
import { providerStatus } from './provider-status.ts';

const ATTEMPTS = 'gatewayz_attempts_total';
const STATE = 'gatewayz_circuit_breaker_state';
const MODEL_STATE = 'gatewayz_model_circuit_breaker_state';
const AT_FAULT = '=~provider_error|timeout|network';
const BREAKER_STATES = { 0: ['closed', 'green'], 1: ['half-open', 'yellow'], 2: ['open', 'red'] } as const;

function stateOf(name: string, labels: string, matchers: Matchers = {}): string {
  const of = (state: string): string => max(labels, metric(name, { ...matchers, state }));
  return `2 * ${of('open')} + ${of('half_open')}`;
}

const outcomes = row(
  'Outcomes',
  stacked('Attempts by outcome', 'ops', 'Calls to the chosen providers by how they ended.', {
    '{{outcome}}': sum('outcome', rate(ATTEMPTS, { model: '*' })),
  }),
  series(
    'Failures by provider',
    'ops',
    'Attempts that count against the provider: provider_error, timeout and network.',
    {
      '{{provider}}: {{outcome}}': sum('provider outcome', rate(ATTEMPTS, { model: '*', outcome: AT_FAULT })),
    },
    { min: 0 },
  ),
  series(
    'Error rate',
    'percentunit',
    'Failed attempts among those that succeeded or failed in the provider’s window, as the breaker sees it.',
    { '{{provider}}': max('provider', metric('provider_error_rate')) },
    { min: 0, max: 1, thresholds: rising(0.05, 0.2) },
  ),
  series(
    'Refusals',
    'ops',
    'Attempts refused for their rate or their credentials: no failure of the provider, but the target rests.',
    {
      '{{provider}}: {{outcome}}': sum(
        'provider outcome',
        rate(ATTEMPTS, { model: '*', outcome: '=~rate_limited|credentials' }),
      ),
    },
    { min: 0 },
  ),
);

const latency = row(
  'Latency',
  series(
    'Response time',
    's',
    'Quantiles of the response times of the chosen providers together.',
    {
      p50: quantile(0.5, 'provider_response_time_seconds'),
      p95: quantile(0.95, 'provider_response_time_seconds'),
      p99: quantile(0.99, 'provider_response_time_seconds'),
    },
    { min: 0 },
  ),
  series(
    'p95 by provider',
    's',
    'Response time that 5% of a provider’s attempts exceed; from 2 s on its score falls.',
    { '{{provider}}': quantile(0.95, 'provider_response_time_seconds', 'provider') },
    { min: 0, thresholds: rising(2, 10) },
  ),
  series(
    'First byte',
    's',
    'Time from the call to the first byte of the answer, 95% of the answers.',
    { '{{provider}}': quantile(0.95, 'backend_ttfb_seconds', 'provider', { model: '*' }) },
    { min: 0 },
  ),
  stacked('Slow attempts', 'ops', 'Attempts of over 30 s (slow), 45 s (very_slow) and 60 s (critical).', {
    '{{provider}}: {{severity}}': sum(
      'provider severity',
      rate('provider_slow_requests_total', { model: '*' }),
    ),
  }),
);

const breakers = row(
  'Breakers',
  states(
    'Breakers',
    'The state of each provider’s breaker, by the replica that sees it worst.',
    { '{{provider}}': stateOf(STATE, 'provider') },
    BREAKER_STATES,
  ),
  states(
    'Breakers of single models',
    'Breakers of models that ever left closed, where only one model of a provider fails.',
    {
      '{{provider}} {{model}}': stateOf(MODEL_STATE, 'provider model', { model: '*' }),
    },
    BREAKER_STATES,
  ),
  series(
    'Changes of state',
    'ops',
    'Changes of the breakers’ states: many of them are a provider that flaps.',
    {
      '{{provider}}: {{from_state}} → {{to_state}}': sum(
        'provider from_state to_state',
        rate('circuit_breaker_state_transitions_total'),
      ),
    },
    { min: 0 },
  ),
  series(
    'Opened, by reason',
    'ops',
    'Breakers of providers and of single models opened, by what opened them.',
    { '{{provider}}: {{reason}}': sum('provider reason', rate('gatewayz_circuit_breaker_opens_total')) },
    { min: 0 },
  ),
  series(
    'Passed over',
    'ops',
    'Times that a target was passed over because a breaker of its provider was open.',
    { '{{provider}}': sum('provider', rate('circuit_breaker_rejected_requests_total')) },
    { min: 0, width: 8 },
  ),
  series(
    'Tried all the same',
    'ops',
    'Attempts made although every target was open or resting: better than nothing, but a sign of a wide outage.',
    { '{{provider}}': sum('provider', rate('gatewayz_least_bad_attempts_total', { model: '*' })) },
    { min: 0, width: 8 },
  ),
  stacked(
    'Judged',
    'ops',
    'Attempts that the breakers counted, as failure or success.',
    {
      failures: sum('', rate('circuit_breaker_failures_total')),
      successes: sum('', rate('circuit_breaker_successes_total')),
    },
    { width: 8 },
  ),
);

const failovers = row(
  'Failovers',
  stacked(
    'Failovers',
    'ops',
    'Requests that went on to another provider, and why. Clients see none of it but the wait.',
    {
      '{{from_provider}} → {{to_provider}}: {{reason}}': sum(
        'from_provider to_provider reason',
        rate('gatewayz_failovers_total', { model: '*' }),
      ),
    },
  ),
  series(
    'Attempts a request',
    'short',
    'How many attempts a request takes on average; 1.2 is the budget of retries.',
    {
      attempts: `${sum('', rate(ATTEMPTS, { provider: '*', model: '*' }))} / ${sum('', rate('model_inference_requests_total', { provider: '*', model: '*' }))}`,
    },
    { min: 1, thresholds: rising(1.1, 1.2) },
  ),
);

/** Which provider is healthy, and why not. */
export const providers: DashboardSpec = {
  name: 'providers',
  title: 'Gatewayz / Providers',
  description: 'Which provider is healthy and why not: score, outcomes, latency, breakers and failovers.',
  rows: [providerStatus, outcomes, latency, breakers, failovers],
};
