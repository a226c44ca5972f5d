import type { MergeRule, MergeRules } from '@gatewayz/metrics';

const sum: MergeRule = { kind: 'sum' };
const max: MergeRule = { kind: 'max' };
const min: MergeRule = { kind: 'min' };
const leader: MergeRule = { kind: 'leader' };
const meanBy = (weight: string | null): MergeRule => ({ kind: 'mean', weight });
const worstState: MergeRule = { kind: 'worst', label: 'state', order: ['open', 'half_open', 'closed'] };

/**
 * How the values of the workers become the one value that is shown, for every gauge. Counters and histograms are added
 * up unless they stand here.
 */
export const MERGE_RULES: MergeRules = {
  // HTTP
  fastapi_app_info: max,
  fastapi_requests_in_progress: sum,
  stage_percentage: meanBy(null),

  // Each worker judges by the attempts that it made: rates by their number, states as the worst of them.
  provider_availability: min,
  provider_error_rate: meanBy('gatewayz_provider_window_samples'),
  gatewayz_provider_health_score: meanBy('gatewayz_provider_window_samples'),
  provider_health_score: meanBy('gatewayz_provider_window_samples'),
  gatewayz_provider_window_samples: sum,
  gatewayz_providers_total: max,
  gatewayz_providers_healthy: min,
  gatewayz_providers_degraded: max,
  gatewayz_providers_down: max,
  gatewayz_circuit_breaker_state: worstState,
  circuit_breaker_current_state: worstState,
  gatewayz_model_circuit_breaker_state: worstState,

  // Only the leader asks the health service.
  gatewayz_health_service_up: leader,
  gatewayz_health_service_last_successful_scrape: leader,
  gatewayz_health_monitoring_active: leader,
  gatewayz_availability_monitoring_active: leader,
  gatewayz_health_check_interval_seconds: leader,
  gatewayz_health_tracked_models: leader,
  gatewayz_health_tracked_providers: leader,
  gatewayz_health_tracked_gateways: leader,
  gatewayz_availability_cache_size: leader,
  gatewayz_health_total_models: leader,
  gatewayz_health_total_providers: leader,
  gatewayz_health_total_gateways: leader,
  gatewayz_health_tracked_models_count: leader,
  gatewayz_health_active_incidents: leader,
  gatewayz_health_status_distribution: leader,
  gatewayz_health_cache_available: leader,
  gatewayz_health_data_age_seconds: leader,

  // Every worker has its own connections and its own backlog.
  connection_pool_size: sum,
  connection_pool_active_connections: sum,
  connection_pool_idle_connections: sum,
  connection_pool_utilization_ratio: meanBy('connection_pool_size'),
  cache_size_bytes: sum,
  gatewayz_ledger_backlog: sum,
  loki_log_queue_size: sum,

  // All workers read the same: the configuration, the database, Redis.
  current_rate_limit: leader,
  active_api_keys: leader,
  subscription_count: leader,
  trial_active: leader,
  user_credit_balance: leader,
  redis_up: min,
  redis_memory_used_bytes: max,
  redis_memory_max_bytes: max,
  redis_connected_clients: max,
  // Counters, but of Redis's own counts, which each worker follows.
  redis_keyspace_hits_total: max,
  redis_keyspace_misses_total: max,
  redis_expired_keys_total: max,
  redis_evicted_keys_total: max,

  // The process
  gatewayz_workers: max,
  process_start_time_seconds: min,
  process_resident_memory_bytes: sum,
  process_virtual_memory_bytes: sum,
  process_heap_bytes: sum,
  // The limit holds for each process: what counts is the one that is nearest to it.
  process_open_fds: max,
  process_max_fds: min,
  nodejs_heap_size_total_bytes: sum,
  nodejs_heap_size_used_bytes: sum,
  nodejs_external_memory_bytes: sum,
  nodejs_heap_space_size_total_bytes: sum,
  nodejs_heap_space_size_used_bytes: sum,
  nodejs_heap_space_size_available_bytes: sum,
  nodejs_active_handles: sum,
  nodejs_active_handles_total: sum,
  nodejs_active_requests: sum,
  nodejs_active_requests_total: sum,
  nodejs_active_resources: sum,
  nodejs_active_resources_total: sum,
  nodejs_eventloop_lag_seconds: max,
  nodejs_eventloop_lag_min_seconds: min,
  nodejs_eventloop_lag_max_seconds: max,
  nodejs_eventloop_lag_mean_seconds: max,
  nodejs_eventloop_lag_stddev_seconds: max,
  nodejs_eventloop_lag_p50_seconds: max,
  nodejs_eventloop_lag_p90_seconds: max,
  nodejs_eventloop_lag_p99_seconds: max,
};
