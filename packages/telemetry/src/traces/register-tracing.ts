import { context, propagation, trace } from '@opentelemetry/api';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { createAsyncContext } from './async-context.ts';
import { createTracerProvider } from './tracer-provider.ts';
import type { Tracing } from './tracing.ts';

export interface RegisterTracingOptions {
  /**
   * Whether the active span follows `await` and callbacks. Without it `startActiveSpan` works, but spans inside do not
   * find their parent by themselves. Costs an AsyncLocalStorage on every path that uses it.
   */
  readonly asyncContext: boolean;
}

/**
 * Makes `tracing` what `trace.getTracer(…)` of @opentelemetry/api uses in this process, with the propagators that
 * `OTEL_PROPAGATORS` asks for. Returns what undoes it.
 */
export function registerTracing(tracing: Tracing, { asyncContext }: RegisterTracingOptions): () => void {
  const { tracecontext, baggage } = tracing.settings.propagators;
  trace.setGlobalTracerProvider(createTracerProvider(tracing));
  propagation.setGlobalPropagator(
    new CompositePropagator({
      propagators: [
        ...(tracecontext ? [new W3CTraceContextPropagator()] : []),
        ...(baggage ? [new W3CBaggagePropagator()] : []),
      ],
    }),
  );
  if (asyncContext) context.setGlobalContextManager(createAsyncContext());
  return () => {
    trace.disable();
    propagation.disable();
    if (asyncContext) context.disable();
  };
}
