import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpMetrics, RouteMetrics } from '../http-metrics.ts';
import { linkRequest, type Observation, observationOf, observeResponse } from '../observe-response.ts';
import { type EndpointMetrics, REQUEST_STAGES, type RequestStage } from '../stage-metrics.ts';
import type { ModuleErrors } from './module-errors.ts';

/** Puts requests into the HTTP metrics. Nothing here throws. */
export interface RequestObserver {
  /** The metrics of a route, to be kept by adapters that know their routes beforehand. */
  route(method: string | undefined, pattern: string): RouteMetrics;
  /** Counts a request from now until its response closes; null where that failed. */
  observe(request: IncomingMessage, response: ServerResponse, route: RouteMetrics): Observation | null;
  /** An error passed by on its way to becoming an answer; it counts where that is a 5xx. */
  failed(message: object, error: unknown): void;
  /** Counts an error that no handler expected, each error once. */
  exception(error: unknown): void;
}

/** What an observer needs, and what it leaves to the host. */
export interface RequestObserverOptions {
  readonly http: HttpMetrics;
  readonly errors: ModuleErrors;
  readonly countsExceptions: boolean;
  readonly linksRequests: boolean;
}

/** Creates what observes the requests of one application. */
export function createRequestObserver(options: RequestObserverOptions): RequestObserver {
  const { http, errors, countsExceptions, linksRequests } = options;
  const counted = new WeakSet<object>();
  const countStages = createStageCounter(http);

  function exception(error: unknown): void {
    if (typeof error === 'object' && error !== null) {
      if (counted.has(error)) return;
      counted.add(error);
    }
    http.exception(error);
  }
  function onEnd(observation: Observation, status: number, endedAt: number): void {
    try {
      if (observation.error !== null && status >= 500) exception(observation.error);
      if (observation.calls !== null) countStages(observation, endedAt);
    } catch (error) {
      errors.note('request', error);
    }
  }
  return {
    route: (method, pattern) => http.route(method ?? '', pattern),
    observe(request, response, route) {
      try {
        const observation = observeResponse(request, response, route, onEnd);
        if (linksRequests) linkRequest(request, observation);
        return observation;
      } catch (error) {
        errors.note('request', error);
        return null;
      }
    },
    failed(message, error) {
      const observation = countsExceptions ? observationOf(message) : undefined;
      if (observation !== undefined) observation.error = error ?? 'nothing';
    },
    exception,
  };
}

/** The stages that can be told from outside a host's handlers. */
const KNOWN_STAGES: readonly RequestStage[] = REQUEST_STAGES.filter((stage) => stage !== 'auth_validation');

function createStageCounter(http: HttpMetrics): (observation: Observation, endedAt: number) => void {
  const endpoints = new Map<string, EndpointMetrics>();
  const stages = new Float64Array(REQUEST_STAGES.length);
  return ({ route, calls, startedAt, bodyReadAt }, endedAt) => {
    if (calls === null) return;
    let endpoint = endpoints.get(route.pattern);
    if (endpoint === undefined) {
      endpoint = http.endpoint(route.pattern, KNOWN_STAGES);
      endpoints.set(route.pattern, endpoint);
    }
    calls.close(endedAt);
    const readAt = Math.min(bodyReadAt || startedAt, calls.firstCallAt);
    const firstChunkAt = calls.firstChunkAt || calls.lastEndAt;
    stages[0] = (readAt - startedAt) / 1000;
    stages[1] = Number.NaN;
    stages[2] = (calls.firstCallAt - readAt) / 1000;
    stages[3] = (firstChunkAt - calls.firstCallAt) / 1000;
    stages[4] = (calls.lastEndAt - firstChunkAt) / 1000;
    stages[5] = (endedAt - calls.lastEndAt) / 1000;
    endpoint.stages(stages);
    endpoint.frontendProcessing((calls.firstCallAt - startedAt) / 1000);
    endpoint.overhead(Math.max(0, endedAt - readAt - calls.waitedMs) / 1000);
  };
}
