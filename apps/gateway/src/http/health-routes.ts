import type { HealthDashboard } from '@gatewayz/observability';
import type { FastifyInstance } from 'fastify';
import { VERSION } from '../version.ts';

/** Whether the process still takes new work. */
export interface Readiness {
  readonly isDraining: boolean;
}

/** Adds liveness, readiness, the summary of both, and the providers' health; they ask nobody and so answer at once. */
export function addHealthRoutes(
  server: FastifyInstance,
  readiness: Readiness,
  dashboard: HealthDashboard,
): void {
  server.get('/health/dashboard', (_, reply) =>
    reply.header('content-type', 'application/json').send(dashboard.json()),
  );

  server.get('/health/live', () => ({ status: 'ok' }));

  server.get('/health/ready', (_, reply) => {
    const { isDraining } = readiness;
    return reply.code(isDraining ? 503 : 200).send({ status: isDraining ? 'draining' : 'ok' });
  });

  server.get('/health', (_, reply) => {
    const { isDraining } = readiness;
    return reply.code(isDraining ? 503 : 200).send({
      status: isDraining ? 'unhealthy' : 'healthy',
      timestamp: new Date().toISOString(),
      version: VERSION,
      checks: { accepting_requests: isDraining ? 'fail' : 'pass' },
    });
  });
}
