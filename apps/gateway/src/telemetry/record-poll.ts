import type { PolledPart } from '@gatewayz/observability';
import { type FinishedSpan, newSpanId, type Tracing } from '@gatewayz/telemetry';
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_URL_PATH,
} from '@opentelemetry/semantic-conventions';

/** Hands over the trace of one poll of the health service, where it is kept. */
export function recordPoll(tracing: Tracing | null, parts: readonly PolledPart[]): void {
  if (tracing === null || parts.length === 0) return;
  const trace = tracing.begin({});
  const startMs = Math.min(...parts.map((part) => part.startMs));
  const endMs = Math.max(...parts.map((part) => part.endMs));
  const failed = parts.filter(({ reason }) => reason !== null);
  if (tracing.keepReason(trace, endMs - startMs, failed.length > 0 ? 'error' : null) === null) return;
  const whole: FinishedSpan = {
    name: 'health_poll',
    kind: 'internal',
    spanId: trace.spanId,
    parentSpanId: '',
    startMs,
    endMs,
    attributes: { 'gatewayz.failed_endpoints': failed.map(({ endpoint }) => endpoint) },
    ...(failed.length > 0 ? { status: 'error' as const } : {}),
  };
  const calls = parts.map(
    ({ endpoint, reason, ...times }): FinishedSpan => ({
      name: `GET ${endpoint}`,
      kind: 'client',
      spanId: newSpanId(),
      parentSpanId: trace.spanId,
      ...times,
      attributes: { [ATTR_HTTP_REQUEST_METHOD]: 'GET', [ATTR_URL_PATH]: endpoint, [ATTR_ERROR_TYPE]: reason },
      ...(reason === null ? {} : { status: 'error' as const }),
    }),
  );
  tracing.record(trace, [whole, ...calls]);
}
