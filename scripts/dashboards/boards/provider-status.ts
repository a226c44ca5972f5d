import { max, metric, over, quantile, rate, sum } from '../build/expressions.ts';
import type { RowSpec, TablePanel } from '../build/panel-spec.ts';
import { falling, rising, row, series, stat, states } from './panels.ts';

const table: TablePanel = {
  kind: 'table',
  title: 'Providers now',
  description:
    'Every provider by what its last attempts and probes say. Look at the samples before you believe a rate.',
  width: 24,
  labels: ['provider'],
  columns: [
    {
      legend: 'Available',
      unit: 'bool_on_off',
      expression: over('min', 'provider', metric('provider_availability')),
      thresholds: falling(0.5, 1),
    },
    {
      legend: 'Score',
      unit: 'percentunit',
      expression: over('min', 'provider', metric('gatewayz_provider_health_score')),
      thresholds: falling(0.5, 0.8),
    },
    {
      legend: 'Error rate',
      unit: 'percentunit',
      expression: max('provider', metric('provider_error_rate')),
      thresholds: rising(0.05, 0.2),
    },
    {
      legend: 'p95',
      unit: 's',
      expression: quantile(0.95, 'provider_response_time_seconds', 'provider'),
      thresholds: rising(2, 10),
    },
    {
      legend: 'Attempts',
      unit: 'ops',
      expression: sum('provider', rate('gatewayz_attempts_total', { model: '*' })),
    },
    {
      legend: 'Samples',
      unit: 'short',
      expression: sum('provider', metric('gatewayz_provider_window_samples')),
    },
  ],
};

/** How every provider is now, and was. */
export const providerStatus: RowSpec = row(
  'Status',
  stat('Configured', 'short', 'Providers of the configuration.', max('', metric('gatewayz_providers_total'))),
  stat(
    'Healthy',
    'short',
    'Providers with a score of at least 0.8, and those without recent attempts.',
    over('min', '', metric('gatewayz_providers_healthy')),
  ),
  stat(
    'Degraded',
    'short',
    'Providers that can be had, with a score below 0.8: errors or long waits.',
    max('', metric('gatewayz_providers_degraded')),
    { thresholds: rising(1, 3) },
  ),
  stat(
    'Down',
    'short',
    'Providers whose breaker is open or whose last three probes failed.',
    max('', metric('gatewayz_providers_down')),
    { thresholds: rising(1, 2) },
  ),
  stat(
    'Overall score',
    'percentunit',
    'Mean of the scores of the chosen providers.',
    over('avg', '', metric('gatewayz_provider_health_score')),
    { thresholds: falling(0.5, 0.8) },
  ),
  table,
  states(
    'Availability',
    '1 while a provider can be had, 0 while its breaker is open or its last three probes failed; by the replica that sees it worst.',
    { '{{provider}}': over('min', 'provider', metric('provider_availability')) },
    { 0: ['down', 'red'], 1: ['up', 'green'] },
  ),
  series(
    'Score',
    'percentunit',
    '0.4 availability, 0.3 success, 0.3 latency; below 0.8 a provider counts as degraded.',
    { '{{provider}}': over('min', 'provider', metric('gatewayz_provider_health_score')) },
    { min: 0, max: 1, thresholds: falling(0.5, 0.8) },
  ),
);
