import type { IncomingMessage, Server } from 'node:http';
import type { ServerConfig } from '@gatewayz/config';
import { type Observability, UNKNOWN_ROUTE } from '@gatewayz/observability';
import { setupPrometheusRoutes } from '@gatewayz/observability/fastify';
import Fastify, {
  type FastifyError,
  type FastifyHttpOptions,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { ApiError, invalidRequest, toErrorBody, toErrorDetails } from './api-error.ts';
import { beginRequest } from './begin-request.ts';
import { answerBrokenRequest, isDistrusted } from './broken-request.ts';
import { isChunkFlood } from './chunk-overhead.ts';
import { keepConnections } from './idle-connections.ts';
import { limitReading } from './limit-reading.ts';
import { refuseFlawedRequests, toRefusal } from './refuse-flawed-requests.ts';
import { refuseUnknownRoutes } from './refuse-unknown-routes.ts';
import { createRequestId } from './request-id.ts';
import { type RefusalParts, tellRefusal } from './tell-refusal.ts';

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
export interface ServerParts extends RefusalParts {
  /** Counts every request, and answers for `/metrics` and the views. */
  readonly observability: Observability;
  /** Hears of errors that no handler expected, and counts them. */
  readonly onUnexpected: (error: unknown, requestId: string) => void;
}

/** How often Node looks for connections that are past their deadlines. */
const CONNECTION_CHECK_MS = 1000;

const COMPRESSED_BODY = invalidRequest('The body must not be compressed.', {
  status: 415,
  code: 'unsupported_content_encoding',
});
const CHUNK_FLOOD = { status: 400, message: 'The chunk extensions are too large.' } as const;

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
    genReqId: createRequestId,
    requestIdHeader: false,
    routerOptions: { maxParamLength: 256, ignoreTrailingSlash: true },
    http: {
      headersTimeout: config.headersTimeoutMs,
      connectionsCheckingInterval: CONNECTION_CHECK_MS,
      // Node's own answer to a missing Host has no body.
      requireHostHeader: false,
    },
    clientErrorHandler: (error, socket) =>
      answerBrokenRequest(error, socket, (request, details) => tellRefusal(parts, request, details)),
    frameworkErrors: (error, request, reply) => void sendError(parts, error, request, reply),
  };
  const server = Fastify(options);
  server.decorateRequest('receivedAt', 0);
  server.decorateRequest('authenticatedAt', 0);
  readJsonBodiesAsBytes(server);
  refuseFlawedRequests(server);
  const connections = keepConnections(server.server);
  server.addHook('preClose', (done) => {
    connections.release();
    done();
  });

  beginRequests(server);
  server.addHook('onSend', (request, _, payload, done) => {
    if (typeof payload === 'string' || Buffer.isBuffer(payload)) {
      // When this turn is over, the payload has been handed to the socket, which the response then knows no more.
      setImmediate(limitReading, request.raw.socket, config.writeTimeoutMs);
    }
    done();
  });
  refuseUnknownRoutes(server);
  server.setErrorHandler((error, request, reply) => sendError(parts, error, request, reply));
  setupPrometheusRoutes(server, { observability: parts.observability });
  return server;
}

/** Gives every route what all requests need. */
function beginRequests(server: FastifyInstance): void {
  const onRequest = (request: FastifyRequest, reply: FastifyReply, done: () => void): void => {
    beginRequest(request, reply);
    request.authenticatedAt = request.receivedAt;
    done();
  };
  server.addHook('onRoute', (route) => {
    route.onRequest = [onRequest, ...[route.onRequest ?? []].flat()];
  });
}

/** Bodies stay bytes: what a client sent is what a provider gets. */
function readJsonBodiesAsBytes(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser(
    /^application\/(?:[\w.-]+\+)?json(?:;|$)/,
    { parseAs: 'buffer' },
    ({ raw }, body, done) => {
      const coding = raw.headers['content-encoding'];
      if (coding !== undefined && coding !== 'identity') done(COMPRESSED_BODY);
      else done(isChunkFlood(raw, body.length) ? toRefusal(CHUNK_FLOOD, raw.socket) : null, body);
    },
  );
}

function sendError(
  parts: ServerParts,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  // No route's hook has seen a request whose URL, or whose body on an unknown path, could not be read.
  if (!request.receivedAt) {
    const { requests } = parts.observability;
    requests.observe(request.raw, reply.raw, requests.route(request.method, UNKNOWN_ROUTE));
    beginRequest(request, reply);
  }
  const known = toApiError(error);
  if (!(known instanceof ApiError)) {
    parts.onUnexpected(error, request.id);
  }
  const details = toErrorDetails(known);
  const traceparent = tellRefusal(parts, request, details);
  if (traceparent !== null) reply.header('traceparent', traceparent);
  if (details.retryAfterSeconds) reply.header('retry-after', details.retryAfterSeconds);
  const { headers = [] } = details;
  for (let index = 0; index < headers.length; index += 2)
    reply.header(headers[index] ?? '', headers[index + 1]);
  if (details.status === 401) reply.header('www-authenticate', 'Bearer');
  // Closing under a client that is still sending resets the connection, and the answer is lost with it.
  if (isDistrusted(request.raw.socket)) reply.header('connection', 'close');
  else if (details.status === 413) reply.removeHeader('connection');
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

/** Whether a request came over loopback, as its socket says. */
export function isFromLoopback(request: IncomingMessage): boolean {
  const address = request.socket.remoteAddress ?? '';
  return address === '::1' || /^(?:::ffff:)?127\./.test(address);
}
