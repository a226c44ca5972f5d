import type { Trace } from './finished-span.ts';
import type { KeepReason } from './tracing.ts';

/** The ids with which a histogram points to a trace. */
export interface TraceExemplar {
  readonly traceId: string;
  readonly spanId: string;
}

/**
 * The exemplar of a request, or undefined where its trace is not kept: an exemplar must lead somewhere. Before the end,
 * when nobody knows the reason yet, give null: then only a trace that was sampled at its beginning has one.
 */
export function toExemplar(trace: Trace, reason: KeepReason | null): TraceExemplar | undefined {
  if (reason === null && !trace.isSampled) return undefined;
  return { traceId: trace.traceId, spanId: trace.spanId };
}
