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
export type { FetchPart, HealthPollerOptions } from './health-poller/health-poller-options.ts';
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
  type EndpointMetrics,
  type HttpMetrics,
  httpCatalogue,
  REQUEST_STAGES,
  type RequestStage,
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
export type { MetricDefinition } from './metric-definition.ts';
export { observeResponse, reportBodyBytes } from './observe-response.ts';
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
