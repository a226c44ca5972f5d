import { type ReceivedSpan, startFakeOtlp } from '@gatewayz/testkit';
import { expect, test } from 'vitest';
import type { FinishedSpan, Trace } from './finished-span.ts';
import { SharedAttributes } from './shared-attributes.ts';
import { SpanBatchWriter } from './span-batch.ts';
import type { SpanLimits } from './span-limits.ts';
import { LIMITS } from './spans-fixture.ts';

const TRACE: Trace = {
  traceId: 'a'.repeat(32),
  spanId: 'b'.repeat(16),
  parentSpanId: '',
  isSampled: true,
  tracestate: '',
  baggage: '',
};

/** As a collector reads spans that share these attributes, each with one of its own. */
async function pass(
  shared: SharedAttributes,
  spans: number,
  { limits = {}, traces = [TRACE] }: { limits?: Partial<SpanLimits>; traces?: readonly Trace[] } = {},
): Promise<readonly ReceivedSpan[]> {
  const collector = await startFakeOtlp();
  const writer = new SpanBatchWriter({ ...LIMITS, ...limits }, { 'service.name': 'test' });
  const times = { startMs: 1, endMs: 2 };
  for (let at = 0; at < spans; at += 1) {
    const spanId = `${at}`.padStart(16, 'c');
    const attributes = { at };
    const span: FinishedSpan = {
      name: 'work',
      kind: 'client',
      spanId,
      parentSpanId: '',
      ...times,
      shared,
      attributes,
    };
    const trace = traces[at % traces.length] ?? TRACE;
    writer.add(trace, { name: 'test', version: '' }, span, { seconds: 1, nanoseconds: 0 });
  }
  const headers = { 'content-type': 'application/x-protobuf' };
  await fetch(`${collector.url}/v1/traces`, { method: 'POST', headers, body: writer.take().body });
  const { problems, spans: received } = collector;
  await collector.close();
  expect(problems).toEqual([]);
  return received;
}

test('are in every span that names them, beside its own', async () => {
  const shared = new SharedAttributes({ where: 'here', port: 443, none: undefined });
  const spans = await pass(shared, 3);
  expect(spans.map(({ attributes }) => ({ ...attributes }))).toEqual(
    [0n, 1n, 2n].map((at) => ({ where: 'here', port: 443n, at })),
  );
});

test('count among what a span may have, the first time as the next', async () => {
  const shared = new SharedAttributes({ a: 1, b: 2, c: 3 });
  const spans = await pass(shared, 2, { limits: { attributes: 2 } });
  expect(spans.map(({ attributes, droppedAttributes }) => [{ ...attributes }, droppedAttributes])).toEqual([
    [{ a: 1n, b: 2n }, 2],
    [{ a: 1n, b: 2n }, 2],
  ]);
});

test('are as they were when they were made', async () => {
  const values = { where: 'here' };
  const shared = new SharedAttributes(values);
  values.where = 'elsewhere';
  expect(shared.values).toEqual({ where: 'here' });
  expect(Object.isFrozen(shared.values)).toBe(true);
});

test('spans of several traces in turn keep the id of their own', async () => {
  const traces = ['1', '1', '2', '1', ''].map((digit) => ({ ...TRACE, traceId: digit.repeat(32) }));
  const ids = (await pass(new SharedAttributes({}), 5, { traces })).map(({ traceId }) => traceId);
  expect(ids.slice(0, 4)).toEqual(traces.slice(0, 4).map(({ traceId }) => traceId));
  expect(ids[4]).toMatch(/^[\da-f]{32}$/);
});
