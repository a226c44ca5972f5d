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
