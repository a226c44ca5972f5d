import { z } from 'zod';
import type { Endpoint } from './endpoint.ts';

type Json = Readonly<Record<string, unknown>>;

const ERROR: Json = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['message', 'type', 'param', 'code', 'request_id'],
      properties: {
        message: { type: 'string' },
        type: { type: 'string' },
        param: { type: ['string', 'null'] },
        code: { type: 'string' },
        request_id: { type: 'string' },
      },
    },
  },
};

/** Describes endpoints in OpenAPI 3.1, from the schemas that read and answer. */
export function toOpenApi(endpoints: readonly Endpoint[], version: string): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const endpoint of endpoints) {
    const path = endpoint.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [endpoint.method.toLowerCase()]: toOperation(endpoint) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Gatewayz accounts',
      version,
      description: 'Users, keys, plans, credits and usage. Amounts are whole micro-credits or micro-USD.',
    },
    paths,
    components: {
      schemas: { Error: ERROR },
      securitySchemes: {
        admin: { type: 'http', scheme: 'bearer', description: 'ADMIN_TOKEN' },
        key: { type: 'http', scheme: 'bearer', description: 'An API key' },
      },
    },
  };
}

function toOperation(endpoint: Endpoint): Json {
  const { method, path, summary, access, status, hasCsv, schemas } = endpoint;
  const parameters = [...toParameters('path', schemas.params), ...toParameters('query', schemas.query)];
  const answer = { 'application/json': { schema: toSchema(schemas.answer, 'output') } };
  const csv = { 'text/csv': { schema: { type: 'string' } } };
  return {
    operationId: toOperationId(method, path),
    summary,
    security: [{ [access]: [] }],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(schemas.body === null
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: toSchema(schemas.body, 'input') } },
          },
        }),
    responses: {
      [status]: { description: summary, content: hasCsv ? { ...answer, ...csv } : answer },
      default: {
        description: 'What is wrong, in the shape of OpenAI’s errors',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    },
  };
}

/** `POST /admin/users/:id/credits` is `post_users_id_credits`. */
function toOperationId(method: string, path: string): string {
  const words = path.split('/').filter((word) => word !== '' && word !== 'admin');
  return [method.toLowerCase(), ...words].join('_').replaceAll(/[^\w]/g, '');
}

function toParameters(place: 'path' | 'query', schema: z.ZodType | null): readonly Json[] {
  if (schema === null) return [];
  const { properties = {}, required = [] } = toSchema(schema, 'input') as {
    readonly properties?: Readonly<Record<string, Json>>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: rest,
  }));
}

function toSchema(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io });
  return rest;
}
