import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Context, Env, Hono, MiddlewareHandler, Schema } from 'hono';
import { matchedRoutes } from 'hono/route';
import type { RouterRoute } from 'hono/types';
import { UNKNOWN_ROUTE } from './http-metrics.ts';
import { requireUnclaimed } from './setup/claim-application.ts';
import { closeWithServer } from './setup/close-with-server.ts';
import type { Observability } from './setup/create-observability.ts';
import type { Endpoint, Endpoints } from './setup/endpoints.ts';
import { openObservability, type SetupOptions } from './setup/open-observability.ts';
import type { RequestObserver } from './setup/request-observer.ts';

/** What `@hono/node-server` hands over with a request. */
interface NodeBindings {
  readonly incoming?: IncomingMessage;
  readonly outgoing?: ServerResponse;
}

/**
 * Observes a Hono application that `@hono/node-server` serves, and adds `/metrics` and the views. Must come before the
 * first route and the first middleware, for Hono runs them in the order in which they were added. Ends with the
 * server that brings the first request, or with `close()`. Called without a server (`app.request`), a request counts
 * when its handler has answered.
 * @throws Error where the application is observed already or has routes; TypeError or RangeError for bad options
 */
export function setupPrometheusRoutes<E extends Env, S extends Schema, BasePath extends string>(
  app: Hono<E, S, BasePath>,
  options: SetupOptions = {},
): Observability {
  const host = app as unknown as Hono;
  requireUnclaimed(host);
  if (host.routes.length > 0) {
    throw new Error(
      'setupPrometheusRoutes must come before the first route and middleware of a Hono application',
    );
  }
  const observability = openObservability(host, options);
  host.use('*', observeRequests(observability));
  addEndpoints(host, observability.endpoints);
  return observability;
}

function observeRequests({ requests, close }: Observability): MiddlewareHandler {
  const closeOnce = closeWithServer(close);
  return async (context, next) => {
    const { incoming, outgoing } = (context.env ?? {}) as NodeBindings;
    if (incoming === undefined || outgoing === undefined) return observeAlone(requests, context, next);
    closeOnce(incoming);
    const observation = requests.observe(
      incoming,
      outgoing,
      requests.route(incoming.method, expectedPattern(context)),
    );
    try {
      await next();
    } catch (error) {
      requests.failed(outgoing, error);
      throw error;
    }
    if (context.error !== undefined) requests.failed(outgoing, context.error);
    observation?.moveTo(requests.route(incoming.method, answeredPattern(context)));
  };
}

/** Without a server there is nothing that tells when the answer has gone out, or whether it did. */
async function observeAlone(
  requests: RequestObserver,
  context: Context,
  next: () => Promise<void>,
): Promise<void> {
  const { method } = context.req;
  const startedAt = performance.now();
  await next();
  const { status, headers } = context.res;
  if (context.error !== undefined && status >= 500) requests.exception(context.error);
  const route = requests.route(method, answeredPattern(context));
  const sizeOf = (length: string | null | undefined): number => Number(length ?? 0) || 0;
  route.begin();
  route.end(
    status,
    (performance.now() - startedAt) / 1000,
    sizeOf(context.req.header('content-length')),
    sizeOf(headers.get('content-length')),
  );
}

/** What stands under `ALL` and takes a `next` is middleware, and tells of no route. */
function isMiddleware({ method, handler }: RouterRoute): boolean {
  return method === 'ALL' && handler.length !== 1;
}

/** The first route that is no middleware: the one that answers, unless something else comes before it. */
function expectedPattern(context: Context): string {
  return matchedRoutes(context).find((route) => !isMiddleware(route))?.path ?? UNKNOWN_ROUTE;
}

/** The route that was reached last. Where middleware answered in its place, it is the one that would have. */
function answeredPattern(context: Context): string {
  const reached = matchedRoutes(context)[context.req.routeIndex];
  return reached === undefined || isMiddleware(reached) ? expectedPattern(context) : reached.path;
}

function addEndpoints(app: Hono, endpoints: Endpoints): void {
  const { metricsPath, viewsPath } = endpoints;
  const add = (path: string, toEndpoint: (context: Context) => Endpoint): void => {
    app.get(path, async (context) => {
      const { status, headers, body } = await endpoints.answer(toEndpoint(context), context.req.header());
      return new Response(new Uint8Array(body), { status, headers });
    });
  };
  add(metricsPath, () => ({ kind: 'metrics', pattern: metricsPath }));
  add(viewsPath, () => ({ kind: 'metrics', pattern: viewsPath }));
  add(`${viewsPath}/:view`, (context) => ({
    kind: 'view',
    pattern: `${viewsPath}/:view`,
    view: context.req.param('view') ?? '',
    query: new URL(context.req.url).searchParams,
  }));
}
