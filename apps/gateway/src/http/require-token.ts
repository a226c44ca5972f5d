import type { FastifyRequest } from 'fastify';
import { ApiError } from './api-error.ts';
import { createClientKeys, readBearerToken } from './client-keys.ts';

/** A hook that lets only who sends this bearer token in; `what` names the place in the refusal. */
export function requireToken(
  token: string,
  what: string,
): (request: FastifyRequest, reply: unknown, done: () => void) => void {
  const keys = createClientKeys([token]);
  return (request, _, done) => {
    const presented = readBearerToken(request.headers.authorization);
    if (presented === null || keys.indexOf(presented) < 0) {
      throw new ApiError({
        status: 401,
        type: 'authentication_error',
        code: 'invalid_token',
        message: `${what} needs its token: Authorization: Bearer <token>.`,
      });
    }
    done();
  };
}
