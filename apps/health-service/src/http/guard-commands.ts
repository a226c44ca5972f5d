import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { HttpError } from './http-error.ts';

const LOOPBACK = /^(?:::1$|::ffff:127\.|127\.)/;

/**
 * A hook for routes that change something: with a token only who sends it as a bearer token may use them, without
 * one only programs on this machine. A page in a browser on this machine is none: it sends an Origin.
 */
export function guardCommands(
  token: string | null,
): (request: FastifyRequest, reply: unknown, done: () => void) => void {
  if (token === null) {
    return ({ socket, headers }, _, done) => {
      if (!LOOPBACK.test(socket.remoteAddress ?? ''))
        throw new HttpError(403, 'Only programs on the same machine may do this: ADMIN_TOKEN is not set.');
      if (headers.origin !== undefined)
        throw new HttpError(403, 'Web pages may not do this: ADMIN_TOKEN is not set.');
      done();
    };
  }
  const expected = digest(`Bearer ${token}`);
  return ({ headers }, _, done) => {
    // Digests have one length, so that the time taken tells nothing of the token.
    if (!timingSafeEqual(digest(headers.authorization ?? ''), expected))
      throw new HttpError(401, 'This needs the admin token: Authorization: Bearer <token>.');
    done();
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
