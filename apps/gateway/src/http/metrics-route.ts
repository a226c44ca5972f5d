import { type Registry, respondWithMetrics } from '@gatewayz/metrics';
import type { FastifyInstance } from 'fastify';
import { ApiError } from './api-error.ts';
import { createClientKeys, readBearerToken } from './client-keys.ts';

/** Adds `GET /metrics`; with a token, only who sends it as a bearer token may read them. */
export function addMetricsRoute(server: FastifyInstance, registry: Registry, token: string | null): void {
  const keys = token === null ? null : createClientKeys([token]);
  server.get('/metrics', async (request, reply) => {
    if (keys !== null && !keys.accepts(readBearerToken(request.headers.authorization) ?? '')) {
      const message = '/metrics needs its token: Authorization: Bearer <token>.';
      throw new ApiError({
        status: 401,
        type: 'authentication_error',
        code: 'invalid_metrics_token',
        message,
      });
    }
    const { accept, 'accept-encoding': acceptEncoding } = request.headers;
    const { headers, body } = await respondWithMetrics(registry, {
      accept,
      acceptEncoding: String(acceptEncoding ?? ''),
    });
    return reply.headers(headers).send(body);
  });
}
