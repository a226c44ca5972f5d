import { inRange, max, metric, quantile, rate, sum } from '../build/expressions.ts';
import type { DashboardSpec } from '../build/panel-spec.ts';
import { falling, heatmap, rising, row, series, stacked, stat } from './panels.ts';

const REQUESTS = 'fastapi_requests_total';
const INFERENCE = 'model_inference_duration_seconds';
const EVERYWHERE = { provider: '*', model: '*' } as const;
const DURATION = 'fastapi_requests_duration_seconds';
/** What clients ask for: every route but those that report on the gateway itself, as in the recording rules. */
const CLIENTS = { path: '!~/(metrics|health|prometheus|admin)(/.*)?' };

const failedInRange = `(${sum('', inRange(REQUESTS, { ...CLIENTS, status_class: '5xx' }))} or vector(0)) / ${sum('', inRange(REQUESTS, CLIENTS))}`;
const allowed = '(1 - scalar(slo:availability:target))';
const burn = (objective: string, window: string): string =>
  max('', metric(`slo:${objective}:burn_rate${window}`));
const shareOf = (statusClass: string): string =>
  `(${sum('', rate(REQUESTS, { status_class: statusClass }))} or vector(0)) / ${sum('', rate(REQUESTS))}`;

const serviceLevel = row(
  'Service level',
  stat(
    'Availability',
    'percentunit',
    'Share of the requests of clients in this time range that did not end in a 5xx.',
    `1 - ${failedInRange}`,
    { thresholds: falling(0.99, 0.995), decimals: 3 },
  ),
  stat(
    'Error budget left',
    'percentunit',
    'What is left of the failures that the objective allows for this time range; below 0 the promise is broken.',
    `1 - (${failedInRange}) / ${allowed}`,
    { thresholds: falling(0, 0.25), decimals: 1 },
  ),
  stat(
    'Answered within 2.5 s',
    'percentunit',
    'Share of the requests of clients in this time range that were answered within 2.5 s, streams to their end included.',
    `${sum('', inRange(`${DURATION}_bucket`, { ...CLIENTS, le: '2.5' }))} / ${sum('', inRange(`${DURATION}_count`, CLIENTS))}`,
    { thresholds: falling(0.9, 0.95), decimals: 2 },
  ),
  stat(
    'Objective',
    'percentunit',
    'The share of requests that is promised, as the recording rules have it.',
    'max(slo:availability:target)',
    { decimals: 2 },
  ),
  series(
    'Burn of availability',
    'short',
    'How many times faster than the objective allows failures come. 1 uses the budget up exactly; 14.4 for an hour uses 2% of a 30-day budget.',
    {
      '5m': burn('availability', '5m'),
      '1h': burn('availability', '1h'),
      '6h': burn('availability', '6h'),
      '3d': burn('availability', '3d'),
    },
    { thresholds: rising(1, 14.4), min: 0 },
  ),
  series(
    'Burn of latency',
    'short',
    'The same for the promise of a first chunk within 5 s.',
    {
      '5m': burn('latency', '5m'),
      '1h': burn('latency', '1h'),
      '6h': burn('latency', '6h'),
      '3d': burn('latency', '3d'),
    },
    { thresholds: rising(1, 14.4), min: 0 },
  ),
  series(
    'Errors, as recorded',
    'percent',
    'The recorded shares of errors that alerts and older dashboards use.',
    {
      '4xx': max('', metric('errors:4xx:percentage')),
      '5xx': max('', metric('errors:5xx:percentage')),
      '24 hours': max('', metric('errors:rate:percentage:24h_avg')),
    },
    { min: 0 },
  ),
  series(
    'Latency, as recorded',
    's',
    'The recorded percentiles that alerts and older dashboards use.',
    {
      p50: max('', metric('latency:p50:seconds')),
      p95: max('', metric('latency:p95:seconds')),
      p99: max('', metric('latency:p99:seconds')),
    },
    { min: 0 },
  ),
);

const now = row(
  'Now',
  stat('Requests', 'reqps', 'Requests of every route, a second.', sum('', rate(REQUESTS))),
  stat(
    'Failed',
    'percentunit',
    'Share of requests that end in a 5xx: the gateway or every provider failed. 4xx are the callers’ own.',
    shareOf('5xx'),
    { thresholds: rising(0.005, 0.05) },
  ),
  stat(
    'p95',
    's',
    'Time within which 95% of the requests are answered; the end of a stream counts.',
    quantile(0.95, DURATION),
    { thresholds: rising(2, 10) },
  ),
  stat(
    'In progress',
    'short',
    'Requests being answered at this moment, on all replicas.',
    sum('', metric('fastapi_requests_in_progress')),
  ),
  stat(
    'Providers down',
    'short',
    'Providers whose breaker is open or whose last three probes failed.',
    max('', metric('gatewayz_providers_down')),
    { thresholds: rising(1, 2) },
  ),
  stat(
    'Open incidents',
    'short',
    'Incidents that the health service has open.',
    max('', metric('gatewayz_health_active_incidents')),
    { thresholds: rising(1, 3) },
  ),
);

const traffic = row(
  'Traffic and errors',
  stacked(
    'Requests by route',
    'reqps',
    'Requests a second by route pattern; “other” is what matches no route.',
    { '{{path}}': sum('path', rate(REQUESTS)) },
  ),
  stacked(
    'Requests by status',
    'reqps',
    'Requests a second by class of status. 499, a client that left, is among the 4xx.',
    { '{{status_class}}': sum('status_class', rate(REQUESTS)) },
  ),
  series(
    'Share of errors',
    'percentunit',
    'Share of requests that ended in a 4xx and in a 5xx.',
    { '4xx': shareOf('4xx'), '5xx': shareOf('5xx') },
    { min: 0, thresholds: rising(0.005, 0.05) },
  ),
  stacked(
    'Attempts by outcome',
    'ops',
    'Calls to providers by how they ended. provider_error, timeout and network are the provider’s fault; failover hides them from clients.',
    { '{{outcome}}': sum('outcome', rate('gatewayz_attempts_total', { provider: '*', model: '*' })) },
  ),
);

const latency = row(
  'Latency',
  series(
    'Time to answer',
    's',
    'Quantiles of the time to the end of the answer, all routes.',
    { p50: quantile(0.5, DURATION), p95: quantile(0.95, DURATION), p99: quantile(0.99, DURATION) },
    { min: 0, thresholds: rising(2, 10) },
  ),
  series(
    'p95 by route',
    's',
    'Time within which 95% of a route’s requests are answered.',
    { '{{path}}': quantile(0.95, DURATION, 'path') },
    { min: 0 },
  ),
  series(
    'Inference',
    's',
    'Quantiles of the time to the end of a model’s answer, failover included. Points are single requests: they lead to their traces.',
    { p50: quantile(0.5, INFERENCE, '', EVERYWHERE), p95: quantile(0.95, INFERENCE, '', EVERYWHERE) },
    { min: 0, thresholds: rising(5, 20) },
  ),
  series(
    'First chunk, p95',
    's',
    'Time within which 95% of the streams begin for the client. Points lead to their traces.',
    { p95: quantile(0.95, 'time_to_first_chunk_seconds', '', EVERYWHERE) },
    { min: 0, thresholds: rising(2, 5) },
  ),
  heatmap(
    'Distribution',
    's',
    'How many requests took how long: two bands are two kinds of requests, or two providers.',
    sum('le', rate(`${DURATION}_bucket`, CLIENTS)),
  ),
  series(
    'Added by the gateway',
    's',
    'Time that the gateway itself adds, without the upload of the body and the wait for providers.',
    { p50: quantile(0.5, 'gatewayz_overhead_seconds'), p99: quantile(0.99, 'gatewayz_overhead_seconds') },
    { min: 0, thresholds: rising(0.01, 0.05) },
  ),
);

const saturation = row(
  'Saturation',
  series(
    'In progress by route',
    'short',
    'Requests being answered, by route, on all replicas.',
    { '{{path}}': sum('path', metric('fastapi_requests_in_progress')) },
    { min: 0, width: 8 },
  ),
  series(
    'Event loop',
    's',
    'Lag of the event loop that 1% of the turns exceed. Above 0.1 s everything waits.',
    { '{{instance}}': max('instance', metric('nodejs_eventloop_lag_p99_seconds')) },
    { min: 0, thresholds: rising(0.05, 0.1), width: 8 },
  ),
  series(
    'CPU',
    'percentunit',
    'Share of one core; above 1 only with helper threads.',
    { '{{instance}}': sum('instance', rate('process_cpu_seconds_total')) },
    { min: 0, thresholds: rising(0.7, 0.95), width: 8 },
  ),
);

/** The first page of the person on call. */
export const overview: DashboardSpec = {
  name: 'overview',
  title: 'Gatewayz / Overview',
  description: 'Is it well: the promise, the burn of its budget, traffic, errors, latency and saturation.',
  rows: [serviceLevel, now, traffic, latency, saturation],
};
