import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { type ApiError, invalidRequest } from './api-error.ts';
import { answerBrokenRequest, distrust, isDistrusted } from './broken-request.ts';
import { noteChunkedBody } from './chunk-overhead.ts';
import { findRequestFlaw, type RequestFlaw } from './find-request-flaw.ts';

/** Refuses what two servers may read differently, before anything comes of it or of what is behind it. */
export function refuseFlawedRequests(server: FastifyInstance): void {
  server.addHook('onRequest', (request, reply, done) => {
    const { raw } = request;
    if (isDistrusted(raw.socket)) {
      reply.hijack();
      return;
    }
    const flaw = findRequestFlaw(raw);
    if (flaw !== null) throw toRefusal(flaw, raw.socket);
    if (raw.headers['transfer-encoding'] !== undefined) noteChunkedBody(raw);
    done();
  });
  // Without these two Node closes the one without an answer, and answers the other without a body.
  server.server.on('connect', (_, socket) => answerBrokenRequest(new Error('CONNECT'), socket as Socket));
  server.server.on('checkExpectation', (request, response) =>
    server.server.emit('request', request, response),
  );
}

/** The error for a request after which its connection is of no more use. */
export function toRefusal({ message, status }: RequestFlaw, socket: Socket): ApiError {
  distrust(socket);
  return invalidRequest(message, { status, code: 'bad_request' });
}
