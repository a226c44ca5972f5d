import type { FinishedSpan, Trace } from './finished-span.ts';
import { newSpanId } from './random-ids.ts';

/** A request's span, the span of its work, and the attempt inside. */
export function createSpans(trace: Trace, number: number): readonly FinishedSpan[] {
  const [work, attempt] = [newSpanId(), newSpanId()];
  const startMs = 1000 + number;
  const times = { startMs, endMs: startMs + 2.5 };
  return [
    {
      name: 'request',
      kind: 'server',
      spanId: trace.spanId,
      parentSpanId: trace.parentSpanId,
      ...times,
      attributes: { number },
    },
    {
      name: 'work',
      kind: 'internal',
      spanId: work,
      parentSpanId: trace.spanId,
      ...times,
      attributes: { number },
    },
    {
      name: 'attempt',
      kind: 'client',
      spanId: attempt,
      parentSpanId: work,
      ...times,
      attributes: { number },
      events: [{ name: 'first', atMs: startMs + 1 }],
    },
  ];
}
