import type { LogFields, Logger } from '@gatewayz/telemetry';
import type { ShortEnd, ShortRequest } from './short-request.ts';

const MESSAGES: Readonly<Record<ShortEnd['kind'], string>> = {
  refused: 'Request refused',
  from_cache: 'Request answered from the cache',
  left: 'Request left by its client',
};

/** Writes the one line of a request that ended before any provider was asked. */
export function logShortRequest(logger: Logger, { id, trace, route, caller, end }: ShortRequest): void {
  logger.info(MESSAGES[end.kind], {
    request_id: id,
    trace_id: trace?.traceId,
    span_id: trace?.spanId,
    endpoint: route || undefined,
    ...fieldsOf(end),
    user_id: caller?.userId || undefined,
    key_id: caller?.keyId,
  });
}

function fieldsOf(end: ShortEnd): LogFields {
  switch (end.kind) {
    case 'refused':
      return { status: end.status, code: end.code };
    case 'from_cache':
      return { model: end.model, provider: end.provider };
    case 'left':
      return { model: end.model };
    default:
      return end satisfies never;
  }
}
