import { type FakeOtlp, type ReceivedSpan, startFakeOtlp } from '@gatewayz/testkit';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Environment } from './environment-values.ts';
import type { FinishedSpan } from './finished-span.ts';
import { newSpanId } from './random-ids.ts';
import { createSpans } from './spans-fixture.ts';
import { createTracing, type Tracing } from './tracing.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';
const SAMPLED = `00-${TRACE_ID}-${SPAN_ID}-01`;
const NOT_SAMPLED = `00-${TRACE_ID}-${SPAN_ID}-00`;

let collector: FakeOtlp;
let tracing: Tracing | null = null;
let problems: string[];

beforeEach(async () => {
  problems = [];
  collector = await startFakeOtlp();
});
afterEach(async () => {
  await tracing?.close(0);
  tracing = null;
  await collector.close();
});

function start(environment: Environment = {}): Tracing {
  const started = createTracing({
    environment: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...environment },
    serviceName: 'test',
    slowMs: 1000,
    onProblem: (problem) => problems.push(problem),
  });
  if (started === null) throw new Error('tracing is off');
  tracing = started;
  return started;
}

test('without an endpoint there is no tracing', () => {
  expect(createTracing({ environment: {} })).toBeNull();
});

test('30,000 spans of 10,000 requests arrive exactly once, each below its parent, with its attributes', async () => {
  const environment = { OTEL_BSP_MAX_QUEUE_SIZE: '40000', OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' };
  const own = start(environment);
  const requests = 10_000;
  const recorded = new Map<string, { readonly span: FinishedSpan; readonly traceId: string }>();
  for (let number = 0; number < requests; number++) {
    const trace = own.begin(number % 3 === 0 ? { traceparent: SAMPLED } : {});
    const spans = createSpans(trace, number);
    for (const span of spans) recorded.set(span.spanId, { span, traceId: trace.traceId });
    own.record(trace, spans);
    if (number % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await own.flush(20_000);
  expect(own.counts()).toEqual({
    recorded: 3 * requests,
    exported: 3 * requests,
    droppedFull: 0,
    droppedFailed: 0,
    queued: 0,
  });
  expect(collector.problems).toEqual([]);
  expect(collector.spans).toHaveLength(3 * requests);
  expect(new Set(collector.spans.map(({ spanId }) => spanId)).size).toBe(3 * requests);
  const wrong = collector.spans.filter((received) => {
    const sent = recorded.get(received.spanId);
    return sent === undefined || !isSame(received, sent.span, sent.traceId);
  });
  expect(wrong).toEqual([]);
});

function isSame(received: ReceivedSpan, span: FinishedSpan, traceId: string): boolean {
  return (
    received.traceId === traceId &&
    received.parentSpanId === span.parentSpanId &&
    received.name === span.name &&
    received.kind === span.kind &&
    received.endNs - received.startNs === 2_500_000n &&
    received.attributes.number === BigInt(Number(span.attributes.number)) &&
    received.events.length === (span.events?.length ?? 0) &&
    received.events.every(({ timeNs }) => timeNs - received.startNs === 1_000_000n) &&
    (received.flags & 1) === 1
  );
}

test('times are those of the epoch', async () => {
  const own = start();
  const trace = own.begin({});
  const startMs = performance.now();
  const before = BigInt(Date.now()) * 1_000_000n;
  own.record(trace, [{ ...createSpans(trace, 0)[0], startMs, endMs: startMs } as FinishedSpan]);
  await own.flush(5000);
  const difference = (collector.spans[0]?.startNs ?? 0n) - before;
  expect(difference > -100_000_000n && difference < 100_000_000n).toBe(true);
});

describe('a trace', () => {
  test("goes on with the caller's ids, decision and state", () => {
    const trace = start().begin({ traceparent: SAMPLED, tracestate: 'congo=1', baggage: 'user=alice' });
    expect(trace).toEqual({
      traceId: TRACE_ID,
      spanId: expect.stringMatching(/^[\da-f]{16}$/),
      parentSpanId: SPAN_ID,
      isSampled: true,
      tracestate: 'congo=1',
      baggage: '',
    });
    expect(tracing?.begin({ traceparent: NOT_SAMPLED }).isSampled).toBe(false);
  });

  test('begins anew without a valid parent, and then without the state', () => {
    const trace = start().begin({ traceparent: SAMPLED.toUpperCase(), tracestate: 'congo=1' });
    expect(trace.traceId).not.toBe(TRACE_ID);
    expect([trace.parentSpanId, trace.tracestate]).toEqual(['', '']);
  });

  test('takes nothing from headers when no propagator is asked for, and gives nothing on', () => {
    const own = start({ OTEL_PROPAGATORS: 'none' });
    const trace = own.begin({ traceparent: SAMPLED, baggage: 'a=1' });
    expect([trace.parentSpanId, trace.baggage]).toEqual(['', '']);
    expect(own.outgoing(trace, newSpanId())).toEqual({});
  });

  test('goes out with the decision of its beginning', () => {
    const own = start();
    const trace = own.begin({ traceparent: NOT_SAMPLED, tracestate: 'congo=1' });
    expect(own.traceparent(trace)).toBe(`00-${TRACE_ID}-${trace.spanId}-00`);
    expect(own.outgoing(trace, 'a'.repeat(16))).toEqual({
      traceparent: `00-${TRACE_ID}-${'a'.repeat(16)}-00`,
      tracestate: 'congo=1',
    });
  });

  test('carries baggage only where it is asked for', () => {
    const own = start({ OTEL_PROPAGATORS: 'tracecontext,baggage' });
    expect(own.outgoing(own.begin({ baggage: 'user=alice' }), SPAN_ID)).toMatchObject({
      baggage: 'user=alice',
    });
  });

  test('begins, whatever headers come', () => {
    const own = start({ OTEL_PROPAGATORS: 'tracecontext,baggage' });
    const header = fc.oneof(fc.anything(), fc.string(), fc.constantFrom(SAMPLED, [SAMPLED], 'a=1'));
    fc.assert(
      fc.property(header, header, header, (traceparent, tracestate, baggage) => {
        const trace = own.begin({ traceparent, tracestate, baggage });
        expect(own.traceparent(trace)).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-0[01]$/);
        for (const value of Object.values(own.outgoing(trace, SPAN_ID)))
          expect(value).toMatch(/^[\x20-\x7e\t]+$/);
      }),
    );
  });
});

describe('kept', () => {
  const RATIO_0 = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' };

  test('is what was sampled', () => {
    const own = start();
    expect(own.keepReason(own.begin({}), 5, null)).toBe('sampled');
    expect(own.keepReason(own.begin({ traceparent: NOT_SAMPLED }), 5, null)).toBeNull();
  });

  test('late is what went wrong, and what was slow', () => {
    const own = start(RATIO_0);
    const trace = own.begin({});
    expect(own.keepReason(trace, 999, null)).toBeNull();
    expect(own.keepReason(trace, 1000, null)).toBe('slow');
    expect(own.keepReason(trace, 5, 'failover')).toBe('failover');
    expect(own.keepReason(own.begin({ traceparent: NOT_SAMPLED }), 5, 'error')).toBe('error');
  });

  test('late is exported with the flag that went out', async () => {
    const own = start(RATIO_0);
    const trace = own.begin({});
    own.record(trace, createSpans(trace, 1));
    await own.flush(5000);
    expect(collector.spans.map(({ flags }) => flags & 1)).toEqual([0, 0, 0]);
  });

  test('is nothing where the sampler is always_off', () => {
    const own = start({ OTEL_TRACES_SAMPLER: 'always_off' });
    expect(own.keepReason(own.begin({ traceparent: SAMPLED }), 5000, 'error')).toBeNull();
  });
});
