import { type Registry, respondWithMetrics } from '@gatewayz/metrics';
import type { FastifyInstance } from 'fastify';
import { requireToken } from './require-token.ts';

/** Adds `GET /metrics`; with a token, only who sends it as a bearer token may read them. */
export function addMetricsRoute(server: FastifyInstance, registry: Registry, token: string | null): void {
  const onRequest = token === null ? [] : [requireToken(token, '/metrics')];
  server.get('/metrics', { onRequest }, async (request, reply) => {
    const { accept, 'accept-encoding': acceptEncoding } = request.headers;
    const { headers, body } = await respondWithMetrics(registry, {
      accept,
      acceptEncoding: String(acceptEncoding ?? ''),
    });
    return reply.headers(headers).send(body);
  });
}
