import { type Registry, respondWithMetrics } from '@gatewayz/metrics';
import type { Views } from '../views/views.ts';
import { createTokenCheck } from './bearer-token.ts';
import type { ModuleErrors } from './module-errors.ts';

/** What one of the module's own endpoints is asked for. */
export type Endpoint =
  | { readonly kind: 'metrics'; readonly pattern: string }
  | {
      readonly kind: 'view';
      readonly pattern: string;
      readonly view: string;
      readonly query: URLSearchParams;
    };

/** Headers by lower-case name, as Node gives them. */
export type EndpointHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** A whole HTTP answer, for whatever framework. */
export interface EndpointAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** `/metrics` and the views, without a framework. */
export interface Endpoints {
  readonly metricsPath: string;
  readonly viewsPath: string;
  /** Which endpoint a request is for; null where it is the host's own. */
  find(method: string | undefined, url: string | undefined): Endpoint | null;
  /** Answers it. Never rejects. */
  answer(endpoint: Endpoint, headers: EndpointHeaders): Promise<EndpointAnswer>;
}

export interface EndpointsOptions {
  readonly registry: Registry;
  readonly views: Views;
  readonly token: string | null;
  readonly metricsPath: string;
  readonly viewsPath: string;
  readonly errors: ModuleErrors;
}

/** Creates the endpoints; with a token only who sends it as a bearer token is answered. */
export function createEndpoints(options: EndpointsOptions): Endpoints {
  const { registry, views, token, metricsPath, viewsPath, errors } = options;
  const hasToken = token === null ? () => true : createTokenCheck(token);
  const metrics: Endpoint = { kind: 'metrics', pattern: metricsPath };
  const allMetrics: Endpoint = { kind: 'metrics', pattern: viewsPath };
  const viewPattern = `${viewsPath}/:view`;

  function respond(endpoint: Endpoint, headers: EndpointHeaders): Promise<EndpointAnswer> {
    if (endpoint.kind === 'view') return views.respond({ path: endpoint.view, query: endpoint.query });
    return respondWithMetrics(registry, {
      accept: readHeader(headers, 'accept'),
      acceptEncoding: readHeader(headers, 'accept-encoding'),
    });
  }
  return {
    metricsPath,
    viewsPath,
    find(method, url = '') {
      if (!(url.startsWith(metricsPath) || url.startsWith(viewsPath))) return null;
      if (method !== 'GET' && method !== 'HEAD') return null;
      const end = url.indexOf('?');
      const path = end === -1 ? url : url.slice(0, end);
      if (path === metricsPath) return metrics;
      if (path === viewsPath) return allMetrics;
      if (!path.startsWith(`${viewsPath}/`)) return null;
      const view = path.slice(viewsPath.length + 1);
      const query = new URLSearchParams(end === -1 ? '' : url.slice(end + 1));
      return { kind: 'view', pattern: viewPattern, view, query };
    },
    async answer(endpoint, headers) {
      try {
        if (hasToken(readHeader(headers, 'authorization'))) return await respond(endpoint, headers);
        return toError(
          401,
          'authentication_error',
          'invalid_token',
          `${endpoint.pattern} needs its token: Authorization: Bearer <token>.`,
        );
      } catch (error) {
        errors.note('endpoint', error);
        return toError(500, 'server_error', null, `${endpoint.pattern} could not be answered.`);
      }
    },
  };
}

function readHeader(headers: EndpointHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : value?.join(', ');
}

/** An error in OpenAI's shape. */
function toError(status: number, type: string, code: string | null, message: string): EndpointAnswer {
  const body = Buffer.from(JSON.stringify({ error: { message, type, param: null, code } }));
  return {
    status,
    headers: {
      'content-type': 'application/json',
      'content-length': String(body.length),
      ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
    },
    body,
  };
}
