export {
  classifyStatus,
  OUTCOMES,
  type Outcome,
  type VisibleBreakerState,
} from '@gatewayz/provider-health';
export {
  type BusinessCounts,
  type BusinessMetrics,
  businessCatalogue,
  createBusinessMetrics,
} from './business-metrics.ts';
export {
  type CacheMetrics,
  createDatabaseMetrics,
  type DatabaseMetrics,
  type DatabaseQuery,
  databaseCatalogue,
  type PoolConnections,
  type PoolMetrics,
} from './database-metrics.ts';
export {
  createHealthDashboard,
  type HealthDashboard,
  type HealthDashboardOptions,
} from './health-dashboard.ts';
export {
  type BreakerChange,
  type BreakerDetails,
  type DashboardCoolOff,
  type DashboardModel,
  type DashboardProvider,
  type DashboardSummary,
  type HealthDashboardPage,
  toHealthDashboard,
  type WatchedProvider,
} from './health-dashboard-page.ts';
export type { HealthEndpoint, HealthField } from './health-poller/health-endpoint.ts';
export type { HealthPartSnapshot } from './health-poller/health-part.ts';
export type { PollErrorReason } from './health-poller/health-poll-error.ts';
export {
  type HealthPollEvent,
  type HealthPollLine,
  toHealthPollLine,
} from './health-poller/health-poll-event.ts';
export {
  createHealthPoller,
  type HealthPartResult,
  type HealthPoller,
  type HealthServiceSnapshot,
} from './health-poller/health-poller.ts';
export type { FetchPart, HealthPollerOptions, PolledPart } from './health-poller/health-poller-options.ts';
export { healthServiceCatalogue } from './health-poller/health-service-catalogue.ts';
export {
  createHealthServiceMetrics,
  type HealthServiceMetrics,
} from './health-poller/health-service-metrics.ts';
export type { HealthReading } from './health-poller/read-health-part.ts';
export type { StartTimer } from './health-poller/start-timer.ts';
export { createHourCounts, type HourCounts } from './hour-counts.ts';
export {
  createHttpMetrics,
  type HttpMetrics,
  httpCatalogue,
  type RouteMetrics,
  UNKNOWN_ROUTE,
} from './http-metrics.ts';
export {
  createInferenceMetrics,
  type InferenceMetrics,
  inferenceCatalogue,
  STREAM_ENDS,
  type StreamEnd,
  type TargetEndpointMetrics,
  type TargetMetrics,
} from './inference-metrics.ts';
export { createLimitMetrics, type LimitKind, type LimitMetrics, limitCatalogue } from './limit-metrics.ts';
export type { MetricDefinition } from './metric-definition.ts';
export {
  type CreditDeduction,
  createMoneyMetrics,
  type MoneyMetrics,
  moneyCatalogue,
  type PriceLookup,
} from './money-metrics.ts';
export { type Observation, observeResponse, reportBodyBytes } from './observe-response.ts';
export { providerCatalogue } from './provider-catalogue.ts';
export {
  createProviderMetrics,
  type OneProviderMetrics,
  type ProviderCounts,
  type ProviderMetrics,
  type ProviderValues,
} from './provider-metrics.ts';
export {
  createProviderMonitor,
  type ProviderMonitor,
  type ProviderMonitorOptions,
  type Schedule,
} from './provider-monitor.ts';
export {
  createRedisMetrics,
  type RedisMetrics,
  type RedisNumbers,
  type RedisOperation,
  redisCatalogue,
} from './redis-metrics.ts';
export {
  createObservability,
  type Observability,
  type ObservabilityMetrics,
  type Providers,
} from './setup/create-observability.ts';
export type { Endpoint, EndpointAnswer, EndpointHeaders, Endpoints } from './setup/endpoints.ts';
export type { InferenceCall, InferenceEnd, InferenceUsage } from './setup/inference-call.ts';
export type { InferenceStart } from './setup/inferences.ts';
export { type ErrorPlace, moduleCatalogue, type OnModuleError } from './setup/module-errors.ts';
export type { ObservabilityOptions } from './setup/observability-options.ts';
export type { SetupOptions } from './setup/open-observability.ts';
export { outcomeOfError } from './setup/outcome-of-error.ts';
export type { BreakerEvent, ProviderBreaker } from './setup/provider-breaker.ts';
export type { WrapDatabase } from './setup/query-timer.ts';
export type { RequestObserver } from './setup/request-observer.ts';
export { type EndpointMetrics, REQUEST_STAGES, type RequestStage } from './stage-metrics.ts';
export {
  createTelemetryMetrics,
  type LogLineCounts,
  type SpanOutcomeCounts,
  type TelemetryMetrics,
  telemetryCatalogue,
} from './telemetry-metrics.ts';
export {
  type FilterName,
  type TextView,
  VIEWS,
  type ViewDefinition,
  type ViewName,
} from './views/view-definition.ts';
export { viewDefinitions } from './views/view-definitions.ts';
export type { ViewRequest, ViewResponse } from './views/view-response.ts';
export { createViews, type Views } from './views/views.ts';
export type { PrometheusOptions, ViewsOptions } from './views/views-options.ts';
