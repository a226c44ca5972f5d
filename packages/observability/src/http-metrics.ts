import type { Counter, CounterChild, Gauge, Histogram, Registry } from '@gatewayz/metrics';
import type { MetricDefinition } from './metric-definition.ts';
import {
  createEndpointMetrics,
  type EndpointMetrics,
  REQUEST_STAGES,
  type RequestStage,
} from './stage-metrics.ts';

const requestSeconds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 2.5, 5, 10, 30, 60] as const;
const bodyBytes = [100, 1e3, 1e4, 1e5, 1e6] as const;

/** The HTTP section of the metric contract. Paths and endpoints are route patterns, never raw paths. */
const definitions = {
  appInfo: {
    name: 'fastapi_app_info',
    type: 'gauge',
    help: 'Always 1; says which application this is.',
    labels: ['app_name'],
  },
  requests: {
    name: 'fastapi_requests_total',
    type: 'counter',
    help: 'HTTP requests answered, by route and status; 499 is a client that left.',
    labels: ['app_name', 'method', 'path', 'status_code', 'status_class'],
  },
  requestDuration: {
    name: 'fastapi_requests_duration_seconds',
    type: 'histogram',
    help: 'Time from the request line to the end of the answer, by route.',
    labels: ['app_name', 'method', 'path'],
    buckets: requestSeconds,
  },
  requestsInProgress: {
    name: 'fastapi_requests_in_progress',
    type: 'gauge',
    help: 'HTTP requests being answered now, by route.',
    labels: ['app_name', 'method', 'path'],
  },
  requestSize: {
    name: 'fastapi_request_size_bytes',
    type: 'histogram',
    help: 'Size of request bodies, by route.',
    labels: ['app_name', 'method', 'path'],
    buckets: bodyBytes,
  },
  responseSize: {
    name: 'fastapi_response_size_bytes',
    type: 'histogram',
    help: 'Size of response bodies, by route.',
    labels: ['app_name', 'method', 'path'],
    buckets: bodyBytes,
  },
  exceptions: {
    name: 'fastapi_exceptions_total',
    type: 'counter',
    help: 'Errors that no handler expected, by class.',
    labels: ['app_name', 'exception_type'],
    maxSeries: 50,
  },
  plainRequests: {
    name: 'http_requests_total',
    type: 'counter',
    help: 'HTTP requests answered, by endpoint and status; 499 is a client that left.',
    labels: ['method', 'endpoint', 'status_code', 'status_class'],
  },
  plainRequestDuration: {
    name: 'http_request_duration_seconds',
    type: 'histogram',
    help: 'Time from the request line to the end of the answer, by endpoint.',
    labels: ['method', 'endpoint'],
    buckets: requestSeconds,
  },
  frontendProcessing: {
    name: 'frontend_processing_seconds',
    type: 'histogram',
    help: 'Time from the request line to the first call of a provider.',
    labels: ['endpoint'],
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5],
  },
  stageDuration: {
    name: 'request_stage_duration_seconds',
    type: 'histogram',
    help: 'Time that a request spent in each stage.',
    labels: ['stage', 'endpoint'],
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5],
  },
  stagePercentage: {
    name: 'stage_percentage',
    type: 'gauge',
    help: 'Share of the time that each stage took in the last request that ended, 0 to 100.',
    labels: ['stage', 'endpoint'],
  },
  overhead: {
    name: 'gatewayz_overhead_seconds',
    type: 'histogram',
    help: 'Time added by the gateway itself: the whole less the body upload and the wait for providers.',
    labels: ['endpoint'],
    buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5],
  },
} as const satisfies Record<string, MetricDefinition>;

/** Every metric of the HTTP section, as data. */
export const httpCatalogue: readonly MetricDefinition[] = Object.values(definitions);

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Patterns come from the application; a mistake there, such as raw paths for patterns, must not fill the memory. */
const MAX_ROUTES = 1000;

/** The route label of a request that matched no route. */
export const UNKNOWN_ROUTE = 'other';

/** What one route counts, its label sets resolved once. */
export interface RouteMetrics {
  /** The route label: a pattern of the application's, or {@link UNKNOWN_ROUTE}. */
  readonly pattern: string;
  /** A request line has been read. */
  begin(): void;
  /** The request turned out to be another route's: takes its beginning back. */
  leave(): void;
  /** The answer has ended: status (499 where the client left), seconds, body bytes in and out. */
  end(status: number, seconds: number, requestBytes: number, responseBytes: number): void;
}

/** The HTTP metrics of one application. */
export interface HttpMetrics {
  /**
   * The metrics of a route pattern; made once and kept. Methods outside HTTP's usual ones become `other`, and so do
   * patterns after the first 1,000 pairs of method and pattern.
   */
  route(method: string, pattern: string): RouteMetrics;
  /** The metrics of an inference endpoint; those of `stages` have their series at once, by default all. */
  endpoint(pattern: string, stages?: readonly RequestStage[]): EndpointMetrics;
  /** Counts an error that no handler expected, by the name of its class. */
  exception(error: unknown): void;
}

/** Creates the HTTP section of the metric contract on a registry. */
export function createHttpMetrics(registry: Registry, options: { readonly appName: string }): HttpMetrics {
  const metrics = {
    requests: registry.counter(definitions.requests),
    requestDuration: registry.histogram(definitions.requestDuration),
    requestsInProgress: registry.gauge(definitions.requestsInProgress),
    requestSize: registry.histogram(definitions.requestSize),
    responseSize: registry.histogram(definitions.responseSize),
    plainRequests: registry.counter(definitions.plainRequests),
    plainRequestDuration: registry.histogram(definitions.plainRequestDuration),
  };
  const stageMetrics = {
    frontendProcessing: registry.histogram(definitions.frontendProcessing),
    stageDuration: registry.histogram(definitions.stageDuration),
    stagePercentage: registry.gauge(definitions.stagePercentage),
    overhead: registry.histogram(definitions.overhead),
  };
  const exceptions = registry.counter(definitions.exceptions);
  registry.gauge(definitions.appInfo).labels({ app_name: options.appName }).set(1);

  const routes = new Map<string, RouteMetrics>();
  function findRoute(method: string, pattern: string): RouteMetrics {
    const known = METHODS.has(method) ? method : 'other';
    const key = `${known} ${pattern}`;
    let route = routes.get(key);
    if (route === undefined) {
      if (routes.size >= MAX_ROUTES && pattern !== UNKNOWN_ROUTE) return findRoute(method, UNKNOWN_ROUTE);
      route = createRouteMetrics(metrics, options.appName, known, pattern);
      routes.set(key, route);
    }
    return route;
  }
  return {
    route: findRoute,
    endpoint: (pattern, stages = REQUEST_STAGES) => createEndpointMetrics(stageMetrics, pattern, stages),
    exception(error) {
      const type = error instanceof Error ? error.constructor.name : typeof error;
      exceptions.labels({ app_name: options.appName, exception_type: type }).inc();
    },
  };
}

type HttpFamilies = {
  readonly requests: Counter<'app_name' | 'method' | 'path' | 'status_code' | 'status_class'>;
  readonly requestDuration: Histogram<'app_name' | 'method' | 'path'>;
  readonly requestsInProgress: Gauge<'app_name' | 'method' | 'path'>;
  readonly requestSize: Histogram<'app_name' | 'method' | 'path'>;
  readonly responseSize: Histogram<'app_name' | 'method' | 'path'>;
  readonly plainRequests: Counter<'method' | 'endpoint' | 'status_code' | 'status_class'>;
  readonly plainRequestDuration: Histogram<'method' | 'endpoint'>;
};

function createRouteMetrics(
  families: HttpFamilies,
  appName: string,
  method: string,
  pattern: string,
): RouteMetrics {
  const labels = { app_name: appName, method, path: pattern };
  const duration = families.requestDuration.labels(labels);
  const inProgress = families.requestsInProgress.labels(labels);
  const requestSize = families.requestSize.labels(labels);
  const responseSize = families.responseSize.labels(labels);
  const plainDuration = families.plainRequestDuration.labels({ method, endpoint: pattern });
  const byStatus = new Map<number, readonly [CounterChild, CounterChild]>();

  function statusCounters(status: number): readonly [CounterChild, CounterChild] {
    let counters = byStatus.get(status);
    if (counters === undefined) {
      const code = { status_code: String(status), status_class: `${Math.floor(status / 100)}xx` };
      counters = [
        families.requests.labels({ ...labels, ...code }),
        families.plainRequests.labels({ method, endpoint: pattern, ...code }),
      ];
      byStatus.set(status, counters);
    }
    return counters;
  }

  return {
    pattern,
    begin: () => inProgress.inc(),
    leave: () => inProgress.dec(),
    end(status, seconds, requestBytes, responseBytes) {
      inProgress.dec();
      const counters = statusCounters(status);
      counters[0].inc();
      counters[1].inc();
      duration.observe(seconds);
      plainDuration.observe(seconds);
      requestSize.observe(requestBytes);
      responseSize.observe(responseBytes);
    },
  };
}
