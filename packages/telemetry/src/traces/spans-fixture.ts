import type { FinishedSpan, Trace } from './finished-span.ts';
import { newSpanId } from './random-ids.ts';
import { type SpanBatch, SpanBatchWriter } from './span-batch.ts';
import type { SpanLimits } from './span-limits.ts';

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

/** What the specification says where the environment says nothing. */
export const LIMITS: SpanLimits = {
  attributes: 128,
  valueLength: 1000,
  events: 128,
  links: 128,
  attributesPerEvent: 128,
  attributesPerLink: 128,
};

/** A batch of so many spans of the service `test`, each called `work`. */
export function createBatch(spans: number): SpanBatch {
  const writer = new SpanBatchWriter(LIMITS, { 'service.name': 'test' });
  const trace = { traceId: 'a'.repeat(32), spanId: '', parentSpanId: '', tracestate: '', baggage: '' };
  const times = { startMs: 1, endMs: 2 };
  for (let index = 0; index < spans; index++) {
    const spanId = `${index}`.padStart(16, 'b');
    writer.add(
      { ...trace, isSampled: true },
      { name: 'test', version: '' },
      { name: 'work', kind: 'internal', spanId, parentSpanId: '', attributes: {}, ...times },
      { seconds: 1_700_000_000, nanoseconds: 0 },
    );
  }
  return writer.take();
}
