import { answers, failsWith } from '@gatewayz/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, chatBody } from '../ask.ts';
import { askStream } from '../faults/chat.ts';
import { NO_BREAKER } from '../faults/fault-stage.ts';
import { arrived, linesOf, spansOf, startTelemetryStage, type TelemetryStage } from './telemetry-stage.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';
const SLOW_MS = 1500;

/** Nothing is sampled but what a caller has sampled; what is worth it is kept all the same. */
let stage: TelemetryStage<'primary' | 'spare'>;

beforeAll(async () => {
  stage = await startTelemetryStage({
    providers: {
      primary: {
        models: {
          broken: failsWith(503),
          moved: failsWith(503),
          refused: failsWith(400),
          slow: answers({ delayBeforeHeadersMs: SLOW_MS + 200 }),
        },
      },
      spare: { models: { broken: failsWith(503) } },
    },
    models: ['large', 'broken', 'moved', 'refused', 'slow'],
    config: { breaker: NO_BREAKER, traces: { toProviders: true, slowMs: SLOW_MS } },
    gateway: {
      env: {
        OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
        OTEL_TRACES_SAMPLER_ARG: '0',
        OTEL_PROPAGATORS: 'tracecontext,baggage',
      },
    },
  });
});

afterAll(() => stage.close());

/** Asks for a plain answer with these headers; gives the status, the gateway's `traceparent`, and its parts. */
async function askWith(headers: Readonly<Record<string, string>>, model = 'large') {
  const { status, headers: answered } = await ask(stage.gateway, {
    headers,
    body: chatBody('Hello', { model }),
  });
  const traceparent = answered.get('traceparent') ?? '';
  const [, traceId = '', spanId = '', flags = ''] = traceparent.split('-');
  return { status, requestId: answered.get('x-request-id'), traceparent, traceId, spanId, flags };
}

/** The headers of the last call at the primary. */
function sentToProvider(): Readonly<Record<string, string>> {
  return stage.providers.primary.attempts().at(-1)?.headers ?? {};
}

async function expectSpans(traceId: string, count: number): Promise<void> {
  await arrived(() => spansOf(stage.otlp, traceId).length, count);
}

describe('the context of W3C', () => {
  test('goes on from the client to the provider, in the span of the attempt', async () => {
    const answer = await askWith({
      traceparent: `00-${TRACE_ID}-${SPAN_ID}-01`,
      tracestate: 'vendor=opaque,other=1',
      baggage: 'tenant=a',
    });
    expect(answer).toMatchObject({ status: 200, traceId: TRACE_ID, flags: '01' });
    await expectSpans(TRACE_ID, 3);
    const spans = spansOf(stage.otlp, TRACE_ID);
    const attempt = spans.find(({ name }) => name === 'attempt primary');
    const server = spans.find(({ kind }) => kind === 'server');
    expect(server).toMatchObject({ spanId: answer.spanId, parentSpanId: SPAN_ID });
    expect(sentToProvider()).toMatchObject({
      traceparent: `00-${TRACE_ID}-${attempt?.spanId}-01`,
      tracestate: 'vendor=opaque,other=1',
      baggage: 'tenant=a',
    });
    await arrived(() => linesOf(stage.loki, answer.requestId).length, 1);
    const [line] = linesOf(stage.loki, answer.requestId);
    expect(line).toMatchObject({ trace_id: TRACE_ID, span_id: answer.spanId });
  });

  test('says at ratio 0 that nothing is sampled, to client and provider alike', async () => {
    const { status, flags, traceId } = await askWith({});
    expect([status, flags]).toEqual([200, '00']);
    expect(sentToProvider().traceparent).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`));
  });

  const HOSTILE = [
    ['of another length', `00-${TRACE_ID}-${SPAN_ID}-01-`],
    ['of version ff', `ff-${TRACE_ID}-${SPAN_ID}-01`],
    ['with ids of zeros', `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01`],
    ['in capitals', `00-${TRACE_ID.toUpperCase()}-${SPAN_ID}-01`],
    ['twice', `00-${TRACE_ID}-${SPAN_ID}-01, 00-${TRACE_ID}-${SPAN_ID}-01`],
    ['of 4,000 characters', `00-${'a'.repeat(4_000)}`],
    ['with quotes', `00-${TRACE_ID}-"};drop-01`],
  ] as const;

  test('Telemetry: hostile traceparent → a trace of its own begins, and the state is left behind', async () => {
    for (const [what, traceparent] of HOSTILE) {
      const answer = await askWith({ traceparent, tracestate: 'vendor=opaque' });
      expect([what, answer.status, answer.flags]).toEqual([what, 200, '00']);
      expect(answer.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
      expect(answer.traceId).not.toBe(TRACE_ID);
      expect(sentToProvider().tracestate).toBeUndefined();
    }
  });

  const GOOD = { traceparent: `00-${TRACE_ID}-${SPAN_ID}-00` };

  test('Telemetry: hostile tracestate → nothing of it is passed on, and the trace goes on', async () => {
    const many = Array.from({ length: 40 }, (_, index) => `k${index}=v`).join(',');
    for (const tracestate of ['a=1,a=2', 'UPPER=1', 'no-value', '=,=', many, `a=${'x'.repeat(300)}`]) {
      const answer = await askWith({ ...GOOD, tracestate });
      expect([answer.status, answer.traceId]).toEqual([200, TRACE_ID]);
      expect([tracestate, sentToProvider().tracestate]).toEqual([tracestate, undefined]);
    }
  });

  test('Telemetry: hostile baggage → its good members alone are passed on, and none beyond the limits', async () => {
    const cases: readonly (readonly [string, string | undefined])[] = [
      ['good=1,bad"member=2,=3,other=4', 'good=1,other=4'],
      [`${Array.from({ length: 100 }, (_, index) => `k${index}=v`).join(',')}`, undefined],
      [`k=${'v'.repeat(9_000)}`, undefined],
    ];
    for (const [baggage, passed] of cases) {
      const answer = await askWith({ ...GOOD, baggage });
      expect([answer.status, sentToProvider().baggage]).toEqual([200, passed]);
    }
  });
});

describe('at ratio 0', () => {
  test('what went wrong, moved on or was slow is kept, whole', async () => {
    const cases = [
      ['broken', 502, 2],
      ['moved', 200, 2],
      ['slow', 200, 1],
    ] as const;
    for (const [model, status, attempts] of cases) {
      const answer = await askWith({}, model);
      expect([model, answer.status, answer.flags]).toEqual([model, status, '00']);
      await expectSpans(answer.traceId, 2 + attempts);
    }
  });

  test("what went well, and what was the caller's fault, is not kept", async () => {
    const answers = [await askWith({}), await askWith({}, 'refused'), await askWith({}, 'nobody-knows')];
    expect(answers.map(({ status }) => status)).toEqual([200, 400, 404]);
    const late = await askWith({}, 'moved');
    await expectSpans(late.traceId, 4);
    for (const { traceId } of answers.slice(0, 2)) expect(spansOf(stage.otlp, traceId)).toEqual([]);
  });
});

test('histograms point to the traces that are kept, and to no other', async () => {
  const kept = [await askWith({ traceparent: `00-${TRACE_ID}-${SPAN_ID}-01` }), await askWith({}, 'moved')];
  const stream = await askStream(stage.gateway, { model: 'moved' });
  expect(stream.status).toBe(200);
  await askWith({});
  const headers = { accept: 'application/openmetrics-text' };
  const text = await (await fetch(`${stage.gateway.url}/metrics`, { headers })).text();
  const exemplars = [
    ...text.matchAll(/^(\w+)_bucket\{.* # \{trace_id="([0-9a-f]{32})",span_id="([0-9a-f]{16})"\}/gm),
  ];
  expect(new Set(exemplars.map(([, name]) => name))).toEqual(
    new Set(['model_inference_duration_seconds', 'backend_ttfb_seconds', 'time_to_first_chunk_seconds']),
  );
  const pointed = new Set(exemplars.map(([, , traceId = '']) => traceId));
  expect(kept.some(({ traceId }) => pointed.has(traceId))).toBe(true);
  await Promise.all(
    [...pointed].map((traceId) => arrived(() => spansOf(stage.otlp, traceId).length > 0, true)),
  );
});
