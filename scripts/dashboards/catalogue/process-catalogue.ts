import type { MetricDefinition } from '@gatewayz/observability';

function gauge(name: string, help: string, labels: readonly string[] = []): MetricDefinition {
  return { name, type: 'gauge', help, labels };
}

function counter(name: string, help: string, labels: readonly string[] = []): MetricDefinition {
  return { name, type: 'counter', help, labels };
}

/** What a process and its registry say of themselves; a test holds the list against a real scrape. */
export const processCatalogue: readonly MetricDefinition[] = [
  counter('process_cpu_user_seconds_total', 'Time on the CPU in the program itself.'),
  counter('process_cpu_system_seconds_total', 'Time on the CPU in the kernel.'),
  counter('process_cpu_seconds_total', 'Time on the CPU.'),
  gauge('process_start_time_seconds', 'Unix seconds of the start.'),
  gauge('process_resident_memory_bytes', 'Memory in use.'),
  gauge('process_virtual_memory_bytes', 'Virtual memory.'),
  gauge('process_heap_bytes', 'Size of the data segment.'),
  gauge('process_open_fds', 'Open file descriptors.'),
  gauge('process_max_fds', 'The limit on open file descriptors.'),
  gauge('nodejs_eventloop_lag_seconds', 'Lag of the event loop at the scrape.'),
  gauge('nodejs_eventloop_lag_min_seconds', 'The smallest lag since the scrape before.'),
  gauge('nodejs_eventloop_lag_max_seconds', 'The largest lag since the scrape before.'),
  gauge('nodejs_eventloop_lag_mean_seconds', 'The mean lag since the scrape before.'),
  gauge('nodejs_eventloop_lag_stddev_seconds', 'The spread of the lag since the scrape before.'),
  gauge('nodejs_eventloop_lag_p50_seconds', 'The median lag since the scrape before.'),
  gauge('nodejs_eventloop_lag_p90_seconds', 'The lag that 10% exceeded since the scrape before.'),
  gauge('nodejs_eventloop_lag_p99_seconds', 'The lag that 1% exceeded since the scrape before.'),
  gauge('nodejs_active_resources', 'What keeps the event loop alive, by type.', ['type']),
  gauge('nodejs_active_resources_total', 'What keeps the event loop alive.'),
  gauge('nodejs_active_handles', 'Open handles, by type.', ['type']),
  gauge('nodejs_active_handles_total', 'Open handles.'),
  gauge('nodejs_active_requests', 'Calls under way, by type.', ['type']),
  gauge('nodejs_active_requests_total', 'Calls under way.'),
  gauge('nodejs_heap_size_total_bytes', 'Size of the heap.'),
  gauge('nodejs_heap_size_used_bytes', 'What of the heap is used.'),
  gauge('nodejs_external_memory_bytes', 'Memory outside the heap that objects in it hold.'),
  gauge('nodejs_heap_space_size_total_bytes', 'Size of a space of the heap.', ['space']),
  gauge('nodejs_heap_space_size_used_bytes', 'What of a space of the heap is used.', ['space']),
  gauge('nodejs_heap_space_size_available_bytes', 'What of a space of the heap is free.', ['space']),
  gauge('nodejs_version_info', 'Always 1; says which Node runs.', ['version', 'major', 'minor', 'patch']),
  {
    name: 'nodejs_gc_duration_seconds',
    type: 'histogram',
    help: 'Time that garbage collections took.',
    labels: ['kind'],
  },
  gauge('gatewayz_metrics_series', 'Series in the exposition.'),
  gauge('gatewayz_metrics_bytes', 'Size of the last exposition.'),
  {
    name: 'gatewayz_metrics_render_seconds',
    type: 'histogram',
    help: 'Time that an exposition took to write.',
    labels: [],
  },
  counter('gatewayz_metrics_series_dropped_total', 'Label sets over the cap.', ['metric']),
  counter('gatewayz_metrics_refused_total', 'Updates with a value that makes no sense.', ['metric']),
  counter('gatewayz_metrics_collector_errors_total', 'Collectors that failed or were late.', ['collector']),
  counter('gatewayz_metrics_foreign_dropped_total', 'What of another registry was left out.', ['reason']),
];
