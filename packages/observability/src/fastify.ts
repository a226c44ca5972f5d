import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyTypeProvider,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerBase,
} from 'fastify';
import { type RouteMetrics, UNKNOWN_ROUTE } from './http-metrics.ts';
import { requireUnclaimed } from './setup/claim-application.ts';
import type { Observability } from './setup/create-observability.ts';
import type { Endpoint, Endpoints } from './setup/endpoints.ts';
import { openObservability, type SetupOptions } from './setup/open-observability.ts';

const routeMetrics: unique symbol = Symbol('gatewayz.routeMetrics');

/** Each route's configuration carries its metrics. */
interface ObservedConfig {
  readonly url?: string;
  [routeMetrics]?: RouteMetrics;
}

/**
 * Observes a Fastify 5 application from now on, routes that are there included, and adds `/metrics` and the views.
 * Must come before the application is ready; ends with it.
 * @throws Error where the application is observed already, is ready, or has a route on one of the paths; TypeError or
 * RangeError for options that make no sense
 */
export function setupPrometheusRoutes<
  RawServer extends RawServerBase,
  RawRequest extends RawRequestDefaultExpression<RawServer>,
  RawReply extends RawReplyDefaultExpression<RawServer>,
  Logger extends FastifyBaseLogger,
  TypeProvider extends FastifyTypeProvider,
>(
  app: FastifyInstance<RawServer, RawRequest, RawReply, Logger, TypeProvider>,
  options: SetupOptions = {},
): Observability {
  const server = app as unknown as FastifyInstance;
  requireUnclaimed(server);
  const observability = openObservability(server, options);
  try {
    observeRequests(server, observability);
    addEndpoints(server, observability.endpoints);
    server.addHook('onClose', (_, done) => {
      observability.close();
      done();
    });
  } catch (error) {
    observability.close();
    throw toSetupError(error);
  }
  return observability;
}

/** Fastify and its plugin loader say of themselves alone that it is too late. */
const TOO_LATE: ReadonlySet<unknown> = new Set([
  'FST_ERR_INSTANCE_ALREADY_LISTENING',
  'AVV_ERR_ROOT_PLG_BOOTED',
]);

function toSetupError(cause: unknown): unknown {
  if (!TOO_LATE.has((cause as { readonly code?: unknown }).code)) return cause;
  return new Error('setupPrometheusRoutes must be called before the Fastify application is ready', { cause });
}

function observeRequests(server: FastifyInstance, { requests }: Observability): void {
  server.addHook('onRoute', (route) => {
    // A route of several methods is resolved by the method of each request.
    if (Array.isArray(route.method)) return;
    const config = { ...route.config, [routeMetrics]: requests.route(route.method, route.url) };
    route.config = config as NonNullable<typeof route.config>;
  });
  server.addHook('onRequest', (request, reply, done) => {
    const config = request.routeOptions.config as ObservedConfig;
    const route = config[routeMetrics] ?? requests.route(request.method, config.url ?? UNKNOWN_ROUTE);
    requests.observe(request.raw, reply.raw, route);
    done();
  });
  server.addHook('onError', (_, reply, error, done) => {
    requests.failed(reply.raw, error);
    done();
  });
}

function addEndpoints(server: FastifyInstance, endpoints: Endpoints): void {
  const { metricsPath, viewsPath } = endpoints;
  const add = (path: string, toEndpoint: (params: unknown, url: string) => Endpoint): void => {
    server.get(path, async (request, reply) => {
      const { status, headers, body } = await endpoints.answer(
        toEndpoint(request.params, request.raw.url ?? ''),
        request.raw.headers,
      );
      return reply.code(status).headers(headers).send(body);
    });
  };
  add(metricsPath, () => ({ kind: 'metrics', pattern: metricsPath }));
  add(viewsPath, () => ({ kind: 'metrics', pattern: viewsPath }));
  add(`${viewsPath}/:view`, (params, url) => ({
    kind: 'view',
    pattern: `${viewsPath}/:view`,
    view: (params as { readonly view: string }).view,
    query: new URLSearchParams(url.split('?', 2)[1] ?? ''),
  }));
}
