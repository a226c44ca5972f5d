import Fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import type { z } from 'zod';
import { StoreError } from '../store/store-error.ts';
import { HttpError } from './http-error.ts';

const BODY_LIMIT_BYTES = 16_384;
const REQUEST_TIMEOUT_MS = 10_000;

/** Creates the HTTP server with its limits and one shape of errors; `onUnexpected` hears of what is none of ours. */
export function createServer(onUnexpected: (error: unknown) => void): FastifyInstance {
  const server = Fastify({
    logger: false,
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: 10_000,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 256, ignoreTrailingSlash: true },
  });
  server.setNotFoundHandler((_, reply) => reply.code(404).send(toBody('There is nothing at this path.')));
  server.setErrorHandler((error, _, reply) => {
    const { status, message } = describe(error);
    if (status >= 500) onUnexpected(error);
    if (status === 401) reply.header('www-authenticate', 'Bearer');
    return reply.code(status).send(toBody(message));
  });
  return server;
}

/** Reads a query or a body; throws the 400 that names the first thing that is wrong. */
export function readInput<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value ?? {});
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new HttpError(400, `${issue?.path.join('.') || 'request'}: ${issue?.message ?? 'not valid'}`);
}

function toBody(message: string): { readonly error: { readonly message: string } } {
  return { error: { message } };
}

function describe(error: unknown): { readonly status: number; readonly message: string } {
  if (error instanceof HttpError) return error;
  if (error instanceof StoreError)
    return { status: 503, message: 'The database does not answer; try again later.' };
  const { statusCode = 500 } = error as Partial<FastifyError>;
  if (statusCode < 500) return { status: statusCode, message: 'The request is malformed.' };
  return { status: 500, message: 'The health service failed at this request.' };
}
