import type { IncomingTraceHeaders } from '@gatewayz/telemetry';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ANYBODY } from '../inference/caller.ts';
import { ENDPOINTS, type Endpoint } from '../inference/endpoint.ts';
import { type Arrival, Exchange, type ExchangeRules } from '../inference/exchange.ts';
import { readInferenceRequest } from '../inference/inference-request.ts';
import type { Admission, Limits } from '../limits/limits.ts';
import type { LimitType } from '../limits/rate-limits.ts';
import type { Catalogue, Route } from '../providers/catalogue.ts';
import { NO_WAITS, type RequestWait } from '../telemetry/request-waits.ts';
import { answerFromCache } from './answer-from-cache.ts';
import { ApiError } from './api-error.ts';
import { refuseOwnRouting, restrictRoute } from './restrict-route.ts';

/** What requests for answers of providers go through. */
export interface InferenceParts {
  readonly rules: ExchangeRules;
  readonly catalogue: Catalogue;
  readonly limits: Limits;
  /** Hears of every request that was refused for a limit. */
  readonly onLimited: (type: LimitType, endpoint: string) => void;
}

/** Adds the endpoints that are answered by providers. */
export function addInferenceRoutes(server: FastifyInstance, parts: InferenceParts): void {
  for (const endpoint of ENDPOINTS) {
    server.post(endpoint.route, { config: { needsKey: true } }, (request, reply) =>
      answer(endpoint, parts, request, reply),
    );
  }
}

function answer(
  endpoint: Endpoint,
  parts: InferenceParts,
  request: FastifyRequest,
  reply: FastifyReply,
): void | Promise<void> {
  const bodyReadAt = performance.now();
  const inferenceRequest = readInferenceRequest(endpoint, request.body as Buffer | undefined);
  const { model, parsed } = inferenceRequest;
  refuseOwnRouting(parsed, request.caller);
  const route = restrictRoute(findRoute(parts.catalogue, model), model, request.caller);
  const { id, receivedAt, authenticatedAt } = request;
  const caller = request.caller ?? ANYBODY;
  const times = { receivedAt, authenticatedAt, bodyReadAt, parsedAt: performance.now() };
  const trace = parts.rules.tracing?.begin(request.headers as IncomingTraceHeaders) ?? null;
  const begin = (admission: Admission, waits: readonly RequestWait[]): void | Promise<void> => {
    const lease = admit(admission, endpoint, parts);
    reply.hijack();
    const arrival = {
      endpoint,
      route,
      request: inferenceRequest,
      response: reply.raw,
      id,
      caller,
      trace,
      times,
      lease,
      cacheKey: null,
      waits,
    };
    return start(parts.rules, arrival);
  };
  const admission = parts.limits.admit(caller, request.caller?.key ?? null);
  const waits = request.keyWait === null ? NO_WAITS : [request.keyWait];
  if (!(admission instanceof Promise)) return begin(admission, waits);
  return admission.then((given) => begin(given, [...waits, toLimitsWait(times.parsedAt)]));
}

function toLimitsWait(startMs: number): RequestWait {
  return { asked: 'redis', operation: 'limit', collection: '', startMs, endMs: performance.now() };
}

function admit(admission: Admission, { route }: Endpoint, parts: InferenceParts): Arrival['lease'] {
  if (admission.ok) return admission.lease;
  const { type, headers } = admission;
  parts.onLimited(type, route);
  const what = {
    requests: 'requests per minute',
    tokens: 'tokens per minute',
    concurrency: 'requests at once',
  };
  throw new ApiError({
    status: 429,
    type: 'rate_limit_error',
    code: 'rate_limit_exceeded',
    message: `The limit of ${what[type]} has been reached.`,
    headers,
  });
}

/** The client may have left while Redis was being asked: then nobody is called. */
function start(rules: ExchangeRules, arrival: Arrival): void | Promise<void> {
  if (arrival.response.destroyed) {
    arrival.lease.end(0);
    return;
  }
  const { cache } = rules;
  if (cache === null || arrival.request.stream) {
    new Exchange(rules, arrival).start();
    return;
  }
  return answerFromCache(cache, arrival, rules, (keyed) => new Exchange(rules, keyed).start());
}

function findRoute(catalogue: Catalogue, model: string): Route {
  const resolution = catalogue.resolve(model);
  switch (resolution.kind) {
    case 'route':
      return resolution.route;
    case 'unknown':
      throw new ApiError({
        status: 404,
        type: 'invalid_request_error',
        code: 'model_not_found',
        message: `No provider serves the model "${model}". GET /v1/models lists those that are served.`,
        param: 'model',
      });
    case 'not_yet':
      throw new ApiError({
        status: 503,
        type: 'overloaded_error',
        code: 'model_list_unavailable',
        message: `The model "${model}" is not known so far, and the model list of ${resolution.waitingFor.join(', ')} has not been had yet.`,
        param: 'model',
        retryAfterSeconds: 5,
      });
    default:
      return resolution satisfies never;
  }
}
