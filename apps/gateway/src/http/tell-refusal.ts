import type { IncomingTraceHeaders, Tracing } from '@gatewayz/telemetry';
import type { FastifyRequest } from 'fastify';
import type { Signals } from '../events.ts';
import type { ApiErrorDetails } from './api-error.ts';
import { waitsOf } from './waits-of.ts';

/** Who hears of requests that are refused. */
export interface RefusalParts {
  readonly tracing: Tracing | null;
  readonly signals: Pick<Signals, 'shortRequestEnded'>;
}

/** Tells of a refusal; gives the `traceparent` of its answer, null where there is no tracing. */
export function tellRefusal(
  { tracing, signals }: RefusalParts,
  request: FastifyRequest,
  { status, code }: ApiErrorDetails,
): string | null {
  const trace = tracing?.begin(request.headers as IncomingTraceHeaders) ?? null;
  signals.shortRequestEnded({
    id: request.id,
    trace,
    method: request.method,
    route: request.routeOptions.url ?? '',
    caller: request.caller,
    receivedAt: request.receivedAt,
    waits: waitsOf(request),
    end: { kind: 'refused', status, code },
  });
  return tracing === null || trace === null ? null : tracing.traceparent(trace);
}
