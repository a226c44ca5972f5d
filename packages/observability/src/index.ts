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
