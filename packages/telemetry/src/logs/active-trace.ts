import { TraceFlags, trace } from '@opentelemetry/api';
import type { LogFields } from './log-fields.ts';

/** The ids of the span that is active now, where it is sampled. */
export function activeTrace(): LogFields | null {
  const span = trace.getActiveSpan()?.spanContext();
  if (span === undefined || (span.traceFlags & TraceFlags.SAMPLED) === 0) return null;
  return { trace_id: span.traceId, span_id: span.spanId };
}
