import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Express } from 'express';
import { UNKNOWN_ROUTE } from './http-metrics.ts';
import { observationOf } from './observe-response.ts';
import { closeWithServer } from './setup/close-with-server.ts';
import type { Observability } from './setup/create-observability.ts';
import { countRouterErrors } from './setup/express-errors.ts';
import { watchRoutes } from './setup/express-routes.ts';
import { openObservability, type SetupOptions } from './setup/open-observability.ts';
import { sendAnswer } from './setup/send-answer.ts';

type Handle = (request: IncomingMessage, response: ServerResponse, done?: unknown) => void;

/**
 * Observes an Express 5 application, listening or not, whether its routes are there or not, and answers `/metrics`
 * and the views in front of them. Ends with the server that brings the first request, or with `close()`.
 * @throws Error where the application is observed already; TypeError or RangeError for options that make no sense
 */
export function setupPrometheusRoutes(app: Express, options: SetupOptions = {}): Observability {
  const observability = openObservability(app, options);
  const { requests, endpoints } = observability;
  watchRoutes(app, requests);
  const closeOnce = closeWithServer(observability.close);
  const countErrors = countRouterErrors(app, requests);

  // A middleware would come after the routes that are there already.
  const target = app as unknown as { handle: Handle };
  const handle = target.handle;
  target.handle = function handleObserved(this: unknown, request, response, done) {
    // Where the application is mounted below another that shares this observability, that one has begun.
    if (observationOf(response) !== undefined) return handle.call(this, request, response, done);
    closeOnce(request);
    countErrors();
    const endpoint = endpoints.find(request.method, request.url);
    requests.observe(request, response, requests.route(request.method, endpoint?.pattern ?? UNKNOWN_ROUTE));
    if (endpoint === null) return handle.call(this, request, response, done);
    void endpoints.answer(endpoint, request.headers).then((answer) => sendAnswer(response, answer));
  };
  return observability;
}
