import { setImmediate as nextTurn } from 'node:timers/promises';
import { type FakeOtlp, startFakeOtlp } from '@gatewayz/testkit';
import { context, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Environment } from './environment-values.ts';
import { newTraceId } from './random-ids.ts';
import { registerTracing } from './register-tracing.ts';
import { createTracing, type Tracing } from './tracing.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';

let collector: FakeOtlp;
let tracing: Tracing;
let unregister: () => void;

beforeEach(async () => {
  collector = await startFakeOtlp();
});
afterEach(async () => {
  unregister();
  await tracing.close(0);
  await collector.close();
});

function register(environment: Environment = {}, asyncContext = true): void {
  const created = createTracing({
    environment: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...environment },
    serviceName: 'test',
  });
  if (created === null) throw new Error('tracing is off');
  tracing = created;
  unregister = registerTracing(tracing, { asyncContext });
}

function createRemoteContext(flags: string) {
  const headers = {
    traceparent: `00-${TRACE_ID}-${SPAN_ID}-${flags}`,
    tracestate: 'congo=1',
    baggage: 'a=1',
  };
  return propagation.extract(ROOT_CONTEXT, headers);
}

test('spans of any tracer arrive with everything that was set, counted with the others', async () => {
  register();
  const span = trace.getTracer('shop', '2.0').startSpan('pay', {
    kind: SpanKind.CLIENT,
    attributes: { amount: 3, parts: ['a', 'b'] },
    links: [{ context: { traceId: TRACE_ID, spanId: SPAN_ID, traceFlags: 1 } }],
  });
  span.addEvent('asked', { times: 2 });
  span.recordException(new Error('refused'));
  span.setStatus({ code: SpanStatusCode.ERROR, message: 'refused' });
  span.end();
  expect(tracing.counts()).toMatchObject({ recorded: 1, queued: 1 });
  await tracing.flush(5000);
  expect(tracing.counts()).toMatchObject({ recorded: 1, exported: 1, queued: 0 });
  expect(collector.problems).toEqual([]);
  expect(collector.spans).toHaveLength(1);
  expect(collector.spans[0]).toMatchObject({
    name: 'pay',
    kind: 'client',
    parentSpanId: '',
    traceId: span.spanContext().traceId,
    attributes: { amount: 3n, parts: ['a', 'b'] },
    events: [
      { name: 'asked', attributes: { times: 2n } },
      { name: 'exception', attributes: { 'exception.message': 'refused' } },
    ],
    links: [{ traceId: TRACE_ID, spanId: SPAN_ID }],
    status: { code: 'error', message: 'refused' },
    scope: { name: 'shop', version: '2.0' },
  });
  const agoMs = Date.now() - Number((collector.spans[0]?.startNs ?? 0n) / 1_000_000n);
  expect(Math.abs(agoMs)).toBeLessThan(10_000);
});

test('the active span is the parent of what happens inside, across await and in bound callbacks', async () => {
  register();
  const tracer = trace.getTracer('test');
  await tracer.startActiveSpan('outer', async (outer) => {
    await nextTurn();
    tracer.startSpan('inner').end();
    const bound = context.bind(context.active(), () => tracer.startSpan('bound').end());
    context.with(ROOT_CONTEXT, bound);
    outer.end();
  });
  tracer.startSpan('after').end();
  await tracing.flush(5000);
  const byName = new Map(collector.spans.map((span) => [span.name, span]));
  const outerId = byName.get('outer')?.spanId;
  expect(byName.get('inner')?.parentSpanId).toBe(outerId);
  expect(byName.get('bound')?.parentSpanId).toBe(outerId);
  expect(byName.get('after')?.parentSpanId).toBe('');
});

test('without asyncContext a span is alone unless it is given its parent', async () => {
  register({}, false);
  const tracer = trace.getTracer('test');
  const outer = tracer.startSpan('outer');
  await context.with(trace.setSpan(ROOT_CONTEXT, outer), async () => tracer.startSpan('alone').end());
  tracer.startSpan('below', {}, trace.setSpan(ROOT_CONTEXT, outer)).end();
  await tracing.flush(5000);
  expect(collector.spans.map(({ name, parentSpanId }) => [name, parentSpanId])).toEqual([
    ['alone', ''],
    ['below', outer.spanContext().spanId],
  ]);
});

test("a caller's trace is continued, and its decision followed", async () => {
  register();
  const tracer = trace.getTracer('test');
  tracer.startSpan('sampled', {}, createRemoteContext('01')).end();
  tracer.startSpan('not sampled', {}, createRemoteContext('00')).end();
  await tracing.flush(5000);
  expect(collector.spans).toHaveLength(1);
  expect(collector.spans[0]).toMatchObject({
    name: 'sampled',
    traceId: TRACE_ID,
    parentSpanId: SPAN_ID,
    tracestate: 'congo=1',
  });
});

test('a ratio decides as it does for requests, and all of a trace or nothing of it', async () => {
  register({ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.5' });
  const tracer = trace.getTracer('test');
  let expected = 0;
  for (let index = 0; index < 100; index++) {
    const parent = tracer.startSpan('parent');
    tracer.startSpan('child', {}, trace.setSpan(ROOT_CONTEXT, parent)).end();
    parent.end();
    if (tracing.sampler.isSampled(parent.spanContext().traceId, null)) expected += 2;
  }
  expect(tracing.counts().recorded).toBe(expected);
  expect(tracing.sampler.isSampled(newTraceId(), null)).toBeTypeOf('boolean');
});

test('limits hold, and what they left out is counted in the span', async () => {
  register({
    OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: '2',
    OTEL_SPAN_EVENT_COUNT_LIMIT: '1',
    OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: '3',
  });
  const span = trace.getTracer('test').startSpan('busy', { attributes: { a: 'long text', b: 1, c: 2 } });
  span.addEvent('one').addEvent('two');
  span.end();
  await tracing.flush(5000);
  expect(collector.spans[0]).toMatchObject({
    attributes: { a: 'lon', b: 1n },
    droppedAttributes: 1,
    events: [{}],
    droppedEvents: 1,
  });
});

test('headers go out as the propagators say', () => {
  register({ OTEL_PROPAGATORS: 'tracecontext' });
  const headers: Record<string, string> = {};
  propagation.inject(createRemoteContext('01'), headers);
  expect(headers).toEqual({ traceparent: `00-${TRACE_ID}-${SPAN_ID}-01`, tracestate: 'congo=1' });
});
