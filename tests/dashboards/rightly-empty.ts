/**
 * Metrics that have no series in a run of the test, and what they wait for. A metric that is neither here nor in the
 * run fails the test; so does one that is here and has series after all.
 */
export const RIGHTLY_EMPTY: Readonly<Record<string, string>> = {
  provider_slow_requests_total: 'an attempt of over 30 s',
  fastapi_exceptions_total: 'an error that no handler expected',
  connection_pool_errors_total: 'a database that fails',
  cache_size_bytes: 'a cache that knows its size',
  current_rate_limit: 'a limit for keys that have none of their own',
  gatewayz_metrics_refused_total: 'an update that makes no sense',
  gatewayz_metrics_foreign_dropped_total: 'another registry beside ours',
  traces_spanmetrics_calls_total: 'Tempo’s metrics generator',
  traces_spanmetrics_latency: 'Tempo’s metrics generator',
  traces_service_graph_request_total: 'Tempo’s metrics generator',
  traces_service_graph_request_failed_total: 'Tempo’s metrics generator',
};
