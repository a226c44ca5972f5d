import type { FastifyInstance } from 'fastify';
import { refuseForeign } from '../sandbox/loopback.ts';
import type { Sandbox } from '../sandbox/start-sandbox.ts';
import { ApiError } from './api-error.ts';
import { isFromLoopback } from './server.ts';

/** Adds the switches that break and heal the sandbox providers; for callers on this machine only. */
export function addSandboxRoutes(server: FastifyInstance, sandbox: Sandbox): void {
  server.register(async (room) => {
    room.addHook('onRequest', (request, reply, done) => {
      const refusal = refuseForeign(request.headers);
      if (!isFromLoopback(request.raw)) {
        const message = 'The sandbox is switched from the machine it runs on.';
        throw new ApiError({ status: 403, type: 'permission_error', code: 'loopback_only', message });
      }
      if (refusal === null) done();
      else reply.code(refusal.status).send(refusal.body);
    });
    room.get('/sandbox/providers', (_, reply) => {
      const { status, body } = sandbox.handleList();
      return reply.code(status).send(body);
    });
    room.post<{ Params: { id: string } }>('/sandbox/providers/:id', (request, reply) => {
      const { status, body } = sandbox.handleControl(request.params.id, parse(request.body));
      return reply.code(status).send(body);
    });
  });
}

function parse(body: unknown): unknown {
  try {
    return JSON.parse(String(body));
  } catch {
    return null;
  }
}
