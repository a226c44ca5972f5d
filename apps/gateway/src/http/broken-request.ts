import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type ApiErrorDetails, toErrorBody } from './api-error.ts';
import { createRequestId } from './request-id.ts';

const latestReply: unique symbol = Symbol('gatewayz.latestReply');
const isLingering: unique symbol = Symbol('gatewayz.isLingering');
const distrusted: unique symbol = Symbol('gatewayz.distrusted');
interface Marks {
  [latestReply]?: FastifyReply;
  [isLingering]?: true;
  [distrusted]?: true;
}
type ClientSocket = Socket & Marks;

/** How long a client may go on sending after its refusal: closing at once would reset it before it has read that. */
const LINGER_MS = 1000;

/** Ties a connection to its latest answer, so that a request that breaks off later is answered as that request. */
export function noteReply(socket: Socket, reply: FastifyReply): void {
  (socket as ClientSocket)[latestReply] = reply;
}

/** Whether a request of this connection still waits for the end of its answer. */
export function isAnswering(socket: Socket): boolean {
  const reply = (socket as ClientSocket)[latestReply];
  return reply !== undefined && !reply.raw.writableFinished;
}

/** From now on nothing that comes over this connection is served. */
export function distrust(socket: Socket): void {
  (socket as ClientSocket)[distrusted] = true;
}

/** Whether an earlier request of this connection was one that nobody can tell the end of. */
export function isDistrusted(socket: Socket): boolean {
  return (socket as ClientSocket)[distrusted] === true;
}

const BROKEN: Readonly<Record<string, readonly [number, string, string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'The request did not arrive in time.'],
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large', 'The headers are too large.'],
};
const MALFORMED = [400, 'Bad Request', 'The request is malformed.'] as const;

/**
 * Answers what is no whole HTTP request, and closes: nothing behind it on this connection can be trusted. `onRefused`
 * hears of one whose headers were read before it broke off.
 */
export function answerBrokenRequest(
  error: NodeJS.ErrnoException,
  socket: Socket,
  onRefused: (request: FastifyRequest, details: ApiErrorDetails) => void = () => {},
): void {
  const { [latestReply]: reply, [isLingering]: isRefused, [distrusted]: isFlawed } = socket as ClientSocket;
  if (isRefused || isFlawed) return;
  // What is behind a request that closes its connection is no request, and that one's answer is still to be had.
  if (error.code === 'HPE_CLOSED_CONNECTION') return;
  const [status, reason, message] = BROKEN[error.code ?? ''] ?? MALFORMED;
  const details = { status, type: 'invalid_request_error', code: 'bad_request', message } as const;
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) socket.destroy();
  else if (reply === undefined || reply.raw.writableEnded) answerOn(socket, details, reason);
  else if (isBodyAwaited(reply)) {
    answerInPlace(reply, details);
    onRefused(reply.request, details);
  }
  // A whole request is being answered: a second answer would be taken for a part of that one.
  else socket.destroy();
}

function isBodyAwaited(reply: FastifyReply): boolean {
  return !reply.request.raw.complete && !reply.raw.headersSent && reply.raw.socket !== null;
}

function answerInPlace(reply: FastifyReply, details: ApiErrorDetails): void {
  const { id } = reply.request;
  const body = Buffer.from(toErrorBody(details, id));
  reply.hijack();
  reply.raw.writeHead(details.status, {
    'content-type': 'application/json',
    'content-length': body.length,
    'x-request-id': id,
    connection: 'close',
  });
  reply.raw.end(body);
}

function answerOn(socket: Socket, details: ApiErrorDetails, reason: string): void {
  const id = createRequestId();
  const body = toErrorBody(details, id);
  const lines = [
    `HTTP/1.1 ${details.status} ${reason}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${id}`,
    'connection: close',
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
  (socket as ClientSocket)[isLingering] = true;
  const deadline = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(deadline));
}
