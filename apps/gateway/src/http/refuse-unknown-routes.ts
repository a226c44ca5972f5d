import type { FastifyInstance } from 'fastify';
import { invalidRequest } from './api-error.ts';
import { beginRequest } from './begin-request.ts';
import { createRouteMethods } from './route-methods.ts';

/** 405 where other methods have the path, 404 where none has. */
export function refuseUnknownRoutes(server: FastifyInstance): void {
  const methods = createRouteMethods();
  server.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) methods.add(one, url);
  });
  server.setNotFoundHandler((request, reply) => {
    beginRequest(request, reply);
    const allowed = methods.of(request.url).join(', ');
    const message = `There is no ${request.method} on this path.`;
    if (allowed === '') throw invalidRequest(message, { status: 404, code: 'unknown_url' });
    reply.header('allow', allowed);
    throw invalidRequest(`${message} There is ${allowed}.`, { status: 405, code: 'method_not_allowed' });
  });
}
