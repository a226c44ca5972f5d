import { max, mean, metric, over, quantile, rate, sum } from '../build/expressions.ts';
import type { DashboardSpec } from '../build/panel-spec.ts';
import { falling, rising, row, series, stacked, stat } from './panels.ts';
import { database, redis } from './stores.ts';

const THIRD = { width: 8, min: 0 } as const;
const processes = row(
  'Processes',
  stat(
    'Scraped',
    'bool_on_off',
    'Whether Prometheus could scrape every target.',
    over('min', '', metric('up')),
    { thresholds: falling(0.5, 1) },
  ),
  stat(
    'Youngest process',
    'dateTimeFromNow',
    'When the process that is up for the shortest time was started.',
    `1000 * ${max('', metric('process_start_time_seconds'))}`,
  ),
  stat(
    'Exceptions',
    'ops',
    'Errors that no handler expected, a second: each is a bug.',
    `${sum('', rate('fastapi_exceptions_total'))} or vector(0)`,
    { thresholds: rising(0.001, 0.1) },
  ),
  series(
    'CPU',
    'percentunit',
    'Share of one core, by target.',
    { '{{instance}}': sum('instance', rate('process_cpu_seconds_total')) },
    { ...THIRD, thresholds: rising(0.7, 0.95) },
  ),
  series(
    'Memory',
    'bytes',
    'Resident memory by target.',
    { '{{instance}}': max('instance', metric('process_resident_memory_bytes')) },
    THIRD,
  ),
  series(
    'Heap',
    'bytes',
    'Heap in use, and its size.',
    {
      '{{instance}} used': max('instance', metric('nodejs_heap_size_used_bytes')),
      '{{instance}} size': max('instance', metric('nodejs_heap_size_total_bytes')),
    },
    THIRD,
  ),
  series(
    'File descriptors',
    'percentunit',
    'Share of the file descriptors that are open; every connection is one.',
    {
      '{{instance}}': `${max('instance', metric('process_open_fds'))} / ${max('instance', metric('process_max_fds'))}`,
    },
    { ...THIRD, thresholds: rising(0.7, 0.9) },
  ),
);

const eventLoop = row(
  'Event loop and garbage',
  series(
    'Event loop lag',
    's',
    'Lag of the event loop since the scrape before.',
    {
      '{{instance}} p50': max('instance', metric('nodejs_eventloop_lag_p50_seconds')),
      '{{instance}} p99': max('instance', metric('nodejs_eventloop_lag_p99_seconds')),
    },
    { ...THIRD, thresholds: rising(0.05, 0.1) },
  ),
  series(
    'Garbage collection',
    'percentunit',
    'Share of the time that garbage collections take, by kind.',
    { '{{kind}}': sum('kind', rate('nodejs_gc_duration_seconds_sum')) },
    { ...THIRD, thresholds: rising(0.05, 0.15) },
  ),
  series(
    'Handles',
    'short',
    'Open handles by type: sockets, timers, threads.',
    { '{{type}}': sum('type', metric('nodejs_active_handles')) },
    THIRD,
  ),
);

const stages = row(
  'Inside a request',
  series(
    'Stages, mean',
    's',
    'Where the time of a request goes. backend_response is the wait for the provider.',
    { '{{stage}}': mean('request_stage_duration_seconds', 'stage') },
    THIRD,
  ),
  series(
    'Stages of the last request',
    'percent',
    'Share of each stage in the time of the last request that ended.',
    { '{{stage}}': over('avg', 'stage', metric('stage_percentage')) },
    { ...THIRD, max: 100 },
  ),
  series(
    'Before the provider, p95',
    's',
    'Time from the request line to the first call of a provider.',
    { '{{endpoint}}': quantile(0.95, 'frontend_processing_seconds', 'endpoint') },
    THIRD,
  ),
  series(
    'Size of requests, p95',
    'bytes',
    'Size of 95% of the request bodies at most, by route.',
    { '{{path}}': quantile(0.95, 'fastapi_request_size_bytes', 'path') },
    { min: 0 },
  ),
  series(
    'Size of answers, p95',
    'bytes',
    'Size of 95% of the answers at most, by route.',
    { '{{path}}': quantile(0.95, 'fastapi_response_size_bytes', 'path') },
    { min: 0 },
  ),
);

const telemetry = row(
  'Telemetry',
  series(
    'Series',
    'short',
    'Series in the exposition of each target.',
    { '{{instance}}': max('instance', metric('gatewayz_metrics_series')) },
    THIRD,
  ),
  series(
    'Series over a cap',
    'ops',
    'Label sets over the cap of their metric; they are counted under “other”.',
    { '{{metric}}': sum('metric', rate('gatewayz_metrics_series_dropped_total')) },
    THIRD,
  ),
  series(
    'Exposition',
    's',
    'Time that an exposition takes to write, 95% of them.',
    { p95: quantile(0.95, 'gatewayz_metrics_render_seconds') },
    { ...THIRD, thresholds: rising(0.1, 0.5) },
  ),
  series(
    'Size of the exposition',
    'bytes',
    'Size of the last exposition of each target.',
    { '{{instance}}': max('instance', metric('gatewayz_metrics_bytes')) },
    THIRD,
  ),
  stacked(
    'Log lines',
    'cps',
    'Log lines by what became of them; what is not delivered is in the standard output alone.',
    { '{{outcome}}': sum('outcome', rate('gatewayz_log_lines_total')) },
    { width: 8 },
  ),
  series(
    'Log lines waiting',
    'short',
    'Log lines that wait to be sent to Loki.',
    { '{{instance}}': max('instance', metric('loki_log_queue_size')) },
    { ...THIRD, thresholds: rising(5000, 50_000) },
  ),
  stacked('Spans', 'ops', 'Spans by what became of them.', {
    '{{outcome}}': sum('outcome', rate('gatewayz_spans_total')),
  }),
  series(
    'Collectors',
    'ops',
    'Collectors of the exposition that failed or were late.',
    { '{{collector}}': sum('collector', rate('gatewayz_metrics_collector_errors_total')) },
    { min: 0 },
  ),
);

/** What the service stands on. */
export const infrastructure: DashboardSpec = {
  name: 'infrastructure',
  title: 'Gatewayz / Infrastructure',
  description: 'Processes, event loop, database, Redis, caches, and the telemetry itself.',
  rows: [processes, eventLoop, stages, database, redis, telemetry],
};
