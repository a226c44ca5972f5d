import { max, metric, over, quantile, rate, sum } from '../build/expressions.ts';
import type { DashboardSpec } from '../build/panel-spec.ts';
import { falling, rising, row, series, stacked, stat, states } from './panels.ts';

const ON_OFF = { 0: ['off', 'red'], 1: ['on', 'green'] } as const;
const least = (name: string): string => over('min', '', metric(name));

const state = row(
  'State',
  stat(
    'Answers',
    'bool_on_off',
    'Whether /health of the health service answered at the last poll, of every gateway that asks.',
    least('gatewayz_health_service_up'),
    { thresholds: falling(0.5, 1) },
  ),
  stat(
    'Open incidents',
    'short',
    'Incidents that are open now.',
    max('', metric('gatewayz_health_active_incidents')),
    { thresholds: rising(1, 3) },
  ),
  stat(
    'Oldest answer',
    's',
    'Since when the endpoint that is silent longest has not answered. Three intervals old, its numbers are no longer shown.',
    max('', metric('gatewayz_health_data_age_seconds')),
    { thresholds: rising(60, 120) },
  ),
  stat(
    'Last whole poll',
    'dateTimeFromNow',
    'When every endpoint last answered.',
    `1000 * ${max('', metric('gatewayz_health_service_last_successful_scrape'))}`,
  ),
  stat(
    'Check interval',
    's',
    'Seconds between two checks, as the health service says.',
    max('', metric('gatewayz_health_check_interval_seconds')),
  ),
  stat(
    'Availability cache',
    'short',
    'Entries in the availability cache of the health service.',
    max('', metric('gatewayz_availability_cache_size')),
  ),
  states(
    'Monitoring',
    'Whether the health service answers, and watches health and availability.',
    {
      answers: least('gatewayz_health_service_up'),
      health: least('gatewayz_health_monitoring_active'),
      availability: least('gatewayz_availability_monitoring_active'),
    },
    ON_OFF,
  ),
  series(
    'Incidents',
    'short',
    'Open incidents over time. One cause is one incident.',
    { open: max('', metric('gatewayz_health_active_incidents')) },
    { min: 0, thresholds: rising(1, 3) },
  ),
);

const tracked = row(
  'What it watches',
  stacked('Models by status', 'short', 'Models that are tracked, by what the health service says of them.', {
    '{{status}}': max('status', metric('gatewayz_health_status_distribution')),
  }),
  series(
    'Tracked',
    'short',
    'Models, providers and gateways that are tracked.',
    {
      models: max('', metric('gatewayz_health_tracked_models')),
      'models (metrics)': max('', metric('gatewayz_health_tracked_models_count')),
      providers: max('', metric('gatewayz_health_tracked_providers')),
      gateways: max('', metric('gatewayz_health_tracked_gateways')),
    },
    { min: 0 },
  ),
  series(
    'Known',
    'short',
    'Models, providers and gateways that the health service knows, tracked or not.',
    {
      models: max('', metric('gatewayz_health_total_models')),
      providers: max('', metric('gatewayz_health_total_providers')),
      gateways: max('', metric('gatewayz_health_total_gateways')),
    },
    { min: 0 },
  ),
  states(
    'Caches',
    'Which caches of the health service are there. Without Redis its replicas do not share verdicts.',
    { '{{cache_type}}': max('cache_type', metric('gatewayz_health_cache_available')) },
    { 0: ['absent', 'orange'], 1: ['there', 'green'] },
  ),
);

const poller = row(
  'Poller',
  series(
    'Poll duration, p95',
    's',
    'Time to an answer of each endpoint, failures included.',
    { '{{endpoint}}': quantile(0.95, 'gatewayz_health_poll_duration_seconds', 'endpoint') },
    { min: 0, thresholds: rising(1, 5) },
  ),
  series(
    'Failed polls',
    'ops',
    'Endpoints that failed at a poll, by reason.',
    { '{{endpoint}}: {{reason}}': sum('endpoint reason', rate('gatewayz_health_poll_errors_total')) },
    { min: 0 },
  ),
  series(
    'Failed polls, all',
    'ops',
    'Endpoints that failed at a poll. 0 only while all is well.',
    { failed: sum('', rate('gatewayz_health_service_scrape_errors_total')) },
    { min: 0 },
  ),
  series(
    'Age of the data',
    's',
    'Time since each endpoint last answered; it rises while the numbers above are gone.',
    { '{{endpoint}}': max('endpoint', metric('gatewayz_health_data_age_seconds')) },
    { min: 0, thresholds: rising(60, 120) },
  ),
  series(
    'Entries left out',
    'ops',
    'Entries of answers that made no sense.',
    { '{{endpoint}}': sum('endpoint', rate('gatewayz_health_dropped_entries_total')) },
    { min: 0 },
  ),
);

/** What the health service says, and whether it can be believed. */
export const healthService: DashboardSpec = {
  name: 'health-service',
  title: 'Gatewayz / Health service',
  description: 'What the health service says, how old that is, and how the polls of it go.',
  rows: [state, tracked, poller],
};
