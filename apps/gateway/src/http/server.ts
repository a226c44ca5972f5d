import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import {
  type HttpMetrics,
  observeResponse,
  type RouteMetrics,
  reportBodyBytes,
  UNKNOWN_ROUTE,
} from '@gatewayz/observability';
import Fastify, {
  type ConnectionError,
  type FastifyError,
  type FastifyHttpOptions,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { ServerConfig } from '../config/config.ts';
import { ApiError, invalidRequest, toErrorBody, toErrorDetails } from './api-error.ts';
import { type ClientKeys, readBearerToken } from './client-keys.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** When the request's headers were there, by `performance.now()`. */
    receivedAt: number;
    authenticatedAt: number;
  }
  interface FastifyContextConfig {
    /** The route wants a client's key. */
    needsKey?: boolean;
  }
}

/** What the server needs beside its configuration. */
export interface ServerParts {
  readonly metrics: HttpMetrics;
  /** `null`: everyone may call. */
  readonly keys: ClientKeys | null;
  /** Hears of errors that no handler expected. */
  readonly onUnexpected: (error: unknown, requestId: string) => void;
}

/** How often Node looks for connections that are past their deadlines. */
const CONNECTION_CHECK_MS = 1000;

/** Creates the HTTP server with every limit set, authentication, request ids, metrics and OpenAI's error shape. */
export function createServer(config: ServerConfig, parts: ServerParts): FastifyInstance {
  const options: FastifyHttpOptions<Server> = {
    logger: false,
    bodyLimit: config.bodyLimitBytes,
    requestTimeout: config.requestTimeoutMs,
    keepAliveTimeout: config.keepAliveTimeoutMs,
    connectionTimeout: 0,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    routerOptions: { maxParamLength: 256, ignoreTrailingSlash: true },
    http: { headersTimeout: config.headersTimeoutMs, connectionsCheckingInterval: CONNECTION_CHECK_MS },
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: (error, request, reply) => void sendError(parts, error, request, reply),
  };
  const server = Fastify(options);
  server.decorateRequest('receivedAt', 0);
  server.decorateRequest('authenticatedAt', 0);
  readJsonBodiesAsBytes(server);

  observeRoutes(server, parts);
  server.addHook('onSend', (_, reply, payload, done) => {
    if (typeof payload === 'string' || Buffer.isBuffer(payload))
      reportBodyBytes(reply.raw, Buffer.byteLength(payload));
    done();
  });
  server.setNotFoundHandler((request) => {
    throw invalidRequest(`There is no ${request.method} on this path.`, { status: 404, code: 'unknown_url' });
  });
  server.setErrorHandler((error, request, reply) => sendError(parts, error, request, reply));
  return server;
}

/** Gives every route its metrics and, where it wants one, its key check: found once, not at each request. */
function observeRoutes(server: FastifyInstance, { metrics, keys }: ServerParts): void {
  server.addHook('onRoute', (route) => {
    const method = Array.isArray(route.method) ? 'other' : route.method;
    const routeMetrics = metrics.route(method, route.url);
    const routeKeys = route.config?.needsKey === true ? keys : null;
    const onRequest = (request: FastifyRequest, reply: FastifyReply, done: () => void): void => {
      beginRequest(request, reply, routeMetrics);
      if (routeKeys !== null) authenticate(request, routeKeys);
      request.authenticatedAt = performance.now();
      done();
    };
    route.onRequest = [onRequest, ...[route.onRequest ?? []].flat()];
  });
  server.addHook('onRequest', (request, reply, done) => {
    if (request.is404) beginRequest(request, reply, metrics.route(request.method, UNKNOWN_ROUTE));
    done();
  });
}

function beginRequest(request: FastifyRequest, reply: FastifyReply, route: RouteMetrics): void {
  request.receivedAt = performance.now();
  observeResponse(request.raw, reply.raw, route);
  reply.header('x-request-id', request.id);
}

/** Bodies stay bytes: what a client sent is what a provider gets. */
function readJsonBodiesAsBytes(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser(
    /^application\/(?:[\w.-]+\+)?json(?:;|$)/,
    { parseAs: 'buffer' },
    (_, body, done) => {
      done(null, body);
    },
  );
}

function authenticate(request: FastifyRequest, keys: ClientKeys): void {
  const token = readBearerToken(request.headers.authorization);
  if (token !== null && keys.accepts(token)) return;
  const message =
    token === null ? 'An API key is needed: Authorization: Bearer <key>.' : 'The API key is not valid.';
  throw new ApiError({ status: 401, type: 'authentication_error', code: 'invalid_api_key', message });
}

function sendError(
  parts: ServerParts,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const known = toApiError(error);
  if (!(known instanceof ApiError)) {
    parts.metrics.exception(error);
    parts.onUnexpected(error, request.id);
  }
  const details = toErrorDetails(known);
  if (details.retryAfterSeconds) reply.header('retry-after', details.retryAfterSeconds);
  if (details.status === 401) reply.header('www-authenticate', 'Bearer');
  return reply
    .code(details.status)
    .header('content-type', 'application/json')
    .send(Buffer.from(toErrorBody(details, request.id)));
}

/** Fastify's own refusals in the gateway's words. */
function toApiError(error: unknown): unknown {
  switch ((error as FastifyError | null)?.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return invalidRequest('The body is too large.', { status: 413, code: 'request_too_large' });
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return invalidRequest('The content type must be application/json.', {
        status: 415,
        code: 'unsupported_media_type',
      });
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
    case 'FST_ERR_BAD_URL':
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return invalidRequest('The request is malformed.', { code: 'bad_request' });
    default:
      return error;
  }
}

const BROKEN: Readonly<Record<string, readonly [number, string, string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'The request did not arrive in time.'],
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large', 'The headers are too large.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'Payload Too Large', 'The chunk extensions are too large.'],
};

/** Answers what is no HTTP request at all, and closes: nothing behind it on this connection can be trusted. */
function answerBrokenRequest(error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, reason, message] = BROKEN[error.code ?? ''] ?? [
    400,
    'Bad Request',
    'The request is malformed.',
  ];
  const details = { status, type: 'invalid_request_error', code: 'bad_request', message } as const;
  const body = toErrorBody(details, randomUUID());
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

/** Whether a request came over loopback, as its socket says. */
export function isFromLoopback(request: IncomingMessage): boolean {
  const address = request.socket.remoteAddress ?? '';
  return address === '::1' || /^(?:::ffff:)?127\./.test(address);
}
