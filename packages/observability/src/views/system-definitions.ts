import { average, current, is, quantile, rate, share } from './expression.ts';
import type { Definitions } from './view-definition.ts';

const shared = { type: 'gauge', filters: [] } as const;

const requests = 'fastapi_requests_total';
const latency = 'fastapi_requests_duration_seconds';

/** What is known of HTTP requests. */
export const systemDefinitions: Definitions<
  | 'httpRequests'
  | 'httpRate'
  | 'httpErrorRatio'
  | 'httpInProgress'
  | 'exceptions'
  | 'latencyAverage'
  | 'latencyP50'
  | 'latencyP95'
  | 'latencyP99'
> = {
  httpRequests: {
    name: 'gatewayz_http_requests_total',
    help: 'HTTP requests answered, by status; 499 is a client that left.',
    type: 'counter',
    unit: 'requests',
    labels: ['status_code', 'status_class'],
    views: ['system'],
    filters: [],
    expression: current('sum', requests, ['status_code', 'status_class']),
  },
  httpRate: {
    ...shared,
    name: 'gatewayz_http_request_rate',
    help: 'HTTP requests answered per second over the window.',
    unit: 'per second',
    labels: [],
    views: ['system', 'performance'],
    expression: rate(requests),
  },
  httpErrorRatio: {
    ...shared,
    name: 'gatewayz_http_error_ratio',
    help: 'Share of the HTTP requests over the window that were answered with 5xx, 0 to 1.',
    unit: 'ratio',
    labels: [],
    views: ['system'],
    expression: share(rate(requests, [], [is('status_class', '5xx')]), rate(requests)),
  },
  httpInProgress: {
    ...shared,
    name: 'gatewayz_http_requests_in_progress',
    help: 'HTTP requests being answered now.',
    unit: 'requests',
    labels: [],
    views: ['system'],
    expression: current('sum', 'fastapi_requests_in_progress'),
  },
  exceptions: {
    name: 'gatewayz_http_exceptions_total',
    help: 'Errors that no handler expected, by class.',
    type: 'counter',
    unit: 'count',
    labels: ['exception_type'],
    views: ['system'],
    filters: [],
    expression: current('sum', 'fastapi_exceptions_total', ['exception_type']),
  },
  latencyAverage: {
    ...shared,
    name: 'gatewayz_request_latency_average_seconds',
    help: 'Mean time from the request line to the end of the answer over the window.',
    unit: 'seconds',
    labels: [],
    views: ['system', 'performance'],
    expression: average(latency),
  },
  latencyP50: {
    ...shared,
    name: 'gatewayz_request_latency_p50_seconds',
    help: 'Median time from the request line to the end of the answer over the window.',
    unit: 'seconds',
    labels: [],
    views: ['system', 'performance'],
    expression: quantile(0.5, latency),
  },
  latencyP95: {
    ...shared,
    name: 'gatewayz_request_latency_p95_seconds',
    help: '95th percentile of the time from the request line to the end of the answer over the window.',
    unit: 'seconds',
    labels: [],
    views: ['system', 'performance'],
    expression: quantile(0.95, latency),
  },
  latencyP99: {
    ...shared,
    name: 'gatewayz_request_latency_p99_seconds',
    help: '99th percentile of the time from the request line to the end of the answer over the window.',
    unit: 'seconds',
    labels: [],
    views: ['system', 'performance'],
    expression: quantile(0.99, latency),
  },
};
