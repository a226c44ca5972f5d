import type { SqlDialect } from '@gatewayz/database';
import { type FinishedSpan, GEN_AI, type SpanAttributes, type Trace } from '@gatewayz/telemetry';
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
  ATTR_URL_PATH,
  ATTR_URL_SCHEME,
} from '@opentelemetry/semantic-conventions';
import { toWaitSpan } from './request-waits.ts';
import { readShortEnd, type ShortEnd, type ShortRequest } from './short-request.ts';

/** The server's span of such a request, and one for each time that it waited for Redis or for the database. */
export function toShortRequestSpans(
  request: ShortRequest,
  trace: Trace,
  endedAt: number,
  dialect: SqlDialect | null,
): readonly FinishedSpan[] {
  const { method, route, caller, end, waits } = request;
  const { status, outcome } = readShortEnd(end);
  const server: FinishedSpan = {
    name: route === '' ? method : `${method} ${route}`,
    kind: 'server',
    spanId: trace.spanId,
    parentSpanId: trace.parentSpanId,
    startMs: request.receivedAt,
    endMs: endedAt,
    attributes: {
      [ATTR_HTTP_REQUEST_METHOD]: method,
      [ATTR_HTTP_ROUTE]: route || undefined,
      [ATTR_URL_PATH]: route || undefined,
      [ATTR_URL_SCHEME]: 'http',
      [ATTR_HTTP_RESPONSE_STATUS_CODE]: status,
      [ATTR_ERROR_TYPE]: outcome === 'success' ? undefined : outcome,
      'gatewayz.request_id': request.id,
      'gatewayz.user_id': caller?.userId || undefined,
      ...attributesOf(end),
    },
    ...(outcome === 'gateway' ? { status: 'error' as const } : {}),
  };
  return [server, ...waits.map((wait) => toWaitSpan(wait, trace.spanId, dialect))];
}

function attributesOf(end: ShortEnd): SpanAttributes {
  switch (end.kind) {
    case 'refused':
      return { 'gatewayz.error_code': end.code };
    case 'from_cache':
      return { 'gatewayz.cache': 'hit', [GEN_AI.requestModel]: end.model, 'ai.provider': end.provider };
    case 'left':
      return { [GEN_AI.requestModel]: end.model };
    default:
      return end satisfies never;
  }
}
