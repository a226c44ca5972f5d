import type { LedgerConfig } from '@gatewayz/config';
import type { IncomingTraceHeaders } from '@gatewayz/telemetry';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { refusePaidExtras } from '../billing/paid-extras.ts';
import { ANYBODY } from '../inference/caller.ts';
import { ENDPOINTS, type Endpoint } from '../inference/endpoint.ts';
import { type Arrival, Exchange, type ExchangeRules } from '../inference/exchange.ts';
import { readInferenceRequest } from '../inference/inference-request.ts';
import type { Admission, Limits } from '../limits/limits.ts';
import type { LimitType } from '../limits/rate-limits.ts';
import type { Catalogue, Route } from '../providers/catalogue.ts';
import { toRedisWait } from '../telemetry/request-waits.ts';
import { toShortRequest } from '../telemetry/short-request.ts';
import { answerFromCache } from './answer-from-cache.ts';
import { ApiError } from './api-error.ts';
import { refuseOwnRouting, restrictRoute } from './restrict-route.ts';
import { waitsOf } from './waits-of.ts';

/** What requests for answers of providers go through. */
export interface InferenceParts {
  readonly rules: ExchangeRules;
  readonly catalogue: Catalogue;
  readonly limits: Limits;
  /** What becomes of requests that a user pays for and that ask for something without a known price. */
  readonly unpriced: LedgerConfig['unpriced'];
  /** Hears of every request that was refused for a limit. */
  readonly onLimited: (type: LimitType, endpoint: string) => void;
}

/** Adds the endpoints that are answered by providers. */
export function addInferenceRoutes(server: FastifyInstance, parts: InferenceParts): void {
  server.decorateRequest('limitWait', null);
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
  if (parts.unpriced === 'refuse') refusePaidExtras(parsed, request.caller);
  const route = restrictRoute(findRoute(parts.catalogue, model), model, request.caller);
  const { id, receivedAt, authenticatedAt } = request;
  const caller = request.caller ?? ANYBODY;
  const times = { receivedAt, authenticatedAt, bodyReadAt, parsedAt: performance.now() };
  const begin = (admission: Admission): void | Promise<void> => {
    const lease = admit(admission, endpoint, parts);
    const trace = parts.rules.tracing?.begin(request.headers as IncomingTraceHeaders) ?? null;
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
      waits: waitsOf(request),
    };
    return start(parts.rules, arrival);
  };
  const admission = parts.limits.admit(caller, request.caller?.key ?? null);
  if (!(admission instanceof Promise)) return begin(admission);
  return admission.then((given) => {
    request.limitWait = toRedisWait('limit', times.parsedAt);
    return begin(given);
  });
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
    rules.signals.shortRequestEnded(toShortRequest(arrival, { kind: 'left', model: arrival.route.label }));
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
