import type { FastifyReply, FastifyRequest } from 'fastify';
import { noteReply } from './broken-request.ts';

/** What every request gets, whatever comes of it: its time, and its id in the answer. */
export function beginRequest(request: FastifyRequest, reply: FastifyReply): void {
  request.receivedAt = performance.now();
  noteReply(request.raw.socket, reply);
  reply.header('x-request-id', request.id);
}
