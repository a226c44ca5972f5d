import { observeResponse, type RouteMetrics } from '@gatewayz/observability';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { noteReply } from './broken-request.ts';

/** What every request gets, whatever comes of it: its place in the metrics, and its id in the answer. */
export function beginRequest(request: FastifyRequest, reply: FastifyReply, route: RouteMetrics): void {
  request.receivedAt = performance.now();
  observeResponse(request.raw, reply.raw, route);
  noteReply(request.raw.socket, reply);
  reply.header('x-request-id', request.id);
}
