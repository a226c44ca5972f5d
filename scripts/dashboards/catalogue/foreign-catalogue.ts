import type { MetricDefinition } from '@gatewayz/observability';

/** The resource attribute of spans that says what `env` says of our own metrics. */
export const ENVIRONMENT = 'deployment_environment';

/** What Prometheus adds itself, and what Tempo's metrics generator writes to it with our span attributes. */
export const foreignCatalogue: readonly MetricDefinition[] = [
  { name: 'up', type: 'gauge', help: '1 where the last scrape of a target succeeded.', labels: [] },
  {
    name: 'traces_spanmetrics_calls_total',
    type: 'counter',
    help: 'Spans, by service, name and status.',
    labels: ['service', 'span_name', 'span_kind', 'status_code', ENVIRONMENT],
  },
  {
    name: 'traces_spanmetrics_latency',
    type: 'histogram',
    help: 'Durations of spans.',
    labels: ['service', 'span_name', 'span_kind', 'status_code', ENVIRONMENT],
  },
  {
    name: 'traces_service_graph_request_total',
    type: 'counter',
    help: 'Calls between services.',
    labels: ['client', 'server', 'connection_type', ENVIRONMENT],
  },
  {
    name: 'traces_service_graph_request_failed_total',
    type: 'counter',
    help: 'Calls between services that failed.',
    labels: ['client', 'server', 'connection_type', ENVIRONMENT],
  },
];
