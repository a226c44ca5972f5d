import { SqlError } from '@gatewayz/database';
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply } from 'fastify';
import { HttpError } from './http-error.ts';

const BODY_LIMIT_BYTES = 16_384;
const REQUEST_TIMEOUT_MS = 10_000;

const MALFORMED: Readonly<Record<number, string>> = {
  400: 'The path, or the body, which must be JSON, is malformed.',
  413: `The body is larger than ${BODY_LIMIT_BYTES} bytes.`,
  414: 'The path is too long.',
  415: 'The body must be JSON: Content-Type: application/json.',
};

/** Creates the HTTP server with its limits and one shape of errors; `onUnexpected` hears of what is none of ours. */
export function createServer(onUnexpected: (error: unknown) => void): FastifyInstance {
  const server = Fastify({
    logger: false,
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: 10_000,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 256, ignoreTrailingSlash: true },
    // A path that is no path comes by here, and not by the error handler.
    frameworkErrors: (error, _, reply) => sendError(error, reply as FastifyReply),
  });
  server.setNotFoundHandler((_, reply) => reply.code(404).send(toBody('There is nothing at this path.')));
  server.setErrorHandler((error, _, reply) => {
    if (describe(error).status >= 500) onUnexpected(error);
    return sendError(error, reply);
  });
  return server;
}

function toBody(message: string): { readonly error: { readonly message: string } } {
  return { error: { message } };
}

function sendError(error: unknown, reply: FastifyReply): FastifyReply {
  const { status, message } = describe(error);
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  return reply.code(status).send(toBody(message));
}

function describe(error: unknown): { readonly status: number; readonly message: string } {
  if (error instanceof HttpError) return error;
  if (error instanceof SqlError)
    return { status: 503, message: 'The database does not answer; try again later.' };
  const { statusCode = 500 } = error as Partial<FastifyError>;
  if (statusCode < 500)
    return { status: statusCode, message: MALFORMED[statusCode] ?? 'The request is malformed.' };
  return { status: 500, message: 'The health service failed at this request.' };
}
