import type { IncomingTraceHeaders } from '@gatewayz/telemetry';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { configuredCaller } from '../inference/caller.ts';
import { ENDPOINTS, type Endpoint } from '../inference/endpoint.ts';
import { Exchange, type ExchangeRules } from '../inference/exchange.ts';
import { readInferenceRequest } from '../inference/inference-request.ts';
import type { Catalogue, Route } from '../providers/catalogue.ts';
import { ApiError } from './api-error.ts';
import { restrictRoute } from './restrict-route.ts';

/** Adds the endpoints that are answered by providers. */
export function addInferenceRoutes(
  server: FastifyInstance,
  rules: ExchangeRules,
  catalogue: Catalogue,
): void {
  for (const endpoint of ENDPOINTS) {
    server.post(endpoint.route, { config: { needsKey: true } }, (request, reply) => {
      answer(endpoint, rules, catalogue, request, reply);
    });
  }
}

function answer(
  endpoint: Endpoint,
  rules: ExchangeRules,
  catalogue: Catalogue,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const bodyReadAt = performance.now();
  const inferenceRequest = readInferenceRequest(endpoint, request.body as Buffer | undefined);
  const caller = request.caller ?? configuredCaller(0);
  const route = restrictRoute(
    findRoute(catalogue, inferenceRequest.model),
    inferenceRequest.model,
    request.caller,
  );
  const { receivedAt, authenticatedAt } = request;
  const times = { receivedAt, authenticatedAt, bodyReadAt, parsedAt: performance.now() };
  reply.hijack();
  const { id } = request;
  new Exchange(rules, {
    endpoint,
    route,
    request: inferenceRequest,
    response: reply.raw,
    id,
    caller,
    trace: rules.tracing?.begin(request.headers as IncomingTraceHeaders) ?? null,
    times,
  }).start();
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
