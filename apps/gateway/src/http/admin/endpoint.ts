import type { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { readInput, readJson } from './read-input.ts';

/** What one endpoint is, for the server and for the document alike. */
export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'PATCH';
  /** With `:parameters`. */
  readonly path: string;
  readonly summary: string;
  /** Whose token it wants. */
  readonly access: 'admin' | 'key';
  readonly status: 200 | 201;
  readonly schemas: EndpointSchemas;
  /** Whether it can answer in CSV as well. */
  readonly hasCsv: boolean;
  readonly answer: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;
}

export interface EndpointSchemas {
  readonly params: z.ZodType | null;
  readonly query: z.ZodType | null;
  readonly body: z.ZodType | null;
  readonly answer: z.ZodType;
}

interface Input<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

interface EndpointDefinition<Params, Query, Body, Answer>
  extends Pick<Endpoint, 'method' | 'path' | 'summary'>,
    Partial<Pick<Endpoint, 'access' | 'status' | 'hasCsv'>> {
  readonly params?: z.ZodType<Params>;
  readonly query?: z.ZodType<Query>;
  readonly body?: z.ZodType<Body>;
  readonly result: z.ZodType<Answer>;
  readonly handle: (input: Input<Params, Query, Body>) => Promise<Answer | Readable>;
}

/** Defines an endpoint, of the operator's unless said otherwise: what comes in is read by its schemas. */
export function defineEndpoint<Params, Query, Body, Answer>(
  definition: EndpointDefinition<Params, Query, Body, Answer>,
): Endpoint {
  const { method, path, summary, access = 'admin', status = 200, hasCsv = false } = definition;
  const { params = null, query = null, body = null, result, handle } = definition;
  return {
    method,
    path,
    summary,
    access,
    status,
    hasCsv,
    schemas: { params, query, body, answer: result },
    answer: (request, reply) =>
      handle({
        params: readInput(params, request.params),
        query: readInput(query, request.query),
        body: body === null ? (undefined as Body) : readInput(body, readJson(request.body)),
        request,
        reply,
      }),
  };
}
