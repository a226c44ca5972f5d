import type { FastifyRequest } from 'fastify';
import { NO_WAITS, type RequestWait } from '../telemetry/request-waits.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Redis's word on its limits; null where nobody had to wait for it. */
    limitWait: RequestWait | null;
  }
}

/** What a request has waited for until now. */
export function waitsOf({ keyWait, limitWait }: FastifyRequest): readonly RequestWait[] {
  if (!keyWait && !limitWait) return NO_WAITS;
  return [keyWait, limitWait].filter((wait) => wait !== null);
}
