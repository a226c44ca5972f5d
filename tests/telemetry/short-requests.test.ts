import { type ReceivedSpan, rawRequest } from '@gatewayz/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Answer, ask, chatBody } from '../ask.ts';
import { arrived, linesOf, spansOf, startTelemetryStage, type TelemetryStage } from './telemetry-stage.ts';

const CHAT = '/v1/chat/completions';
const [KEY, LIMITED_KEY] = ['key-of-a-test', 'key-that-asks-too-often'];
const SAMPLED = '-01';

/** Nothing is sampled but what a caller has sampled. */
let stage: TelemetryStage<'primary'>;
let asked = 0;

beforeAll(async () => {
  stage = await startTelemetryStage({
    providers: { primary: {} },
    config: {
      auth: { mode: 'keys', keys: [KEY, LIMITED_KEY] },
      responseCache: { enabled: true },
      rateLimits: { key: { requestsPerMinute: 6 } },
      server: { bodyLimitBytes: 5_000 },
    },
    gateway: { env: { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' } },
  });
});

afterAll(() => stage.close());

interface Asked {
  readonly path?: string;
  readonly key?: string;
  readonly body?: unknown;
  /** Of the flags in `traceparent`. */
  readonly flags?: string;
}

/** Asks within a trace of its own; gives the answer and the id of the trace. */
async function askIn({ path = CHAT, key = KEY, body = chatBody('Hello'), flags = SAMPLED }: Asked) {
  asked += 1;
  const traceId = asked.toString(16).padStart(32, 'a');
  const headers = { authorization: `Bearer ${key}`, traceparent: `00-${traceId}-${'b'.repeat(16)}${flags}` };
  return { traceId, answer: await ask(stage.gateway, { path, headers, body }) };
}

async function onlySpanOf(traceId: string): Promise<ReceivedSpan | undefined> {
  await arrived(() => spansOf(stage.otlp, traceId).length, 1);
  return spansOf(stage.otlp, traceId)[0];
}

async function expectLine({ headers }: Answer, fields: object): Promise<void> {
  const id = headers.get('x-request-id');
  await arrived(() => linesOf(stage.loki, id).length, 1);
  expect(linesOf(stage.loki, id)).toMatchObject([fields]);
}

test.each<readonly [string, number, string, Asked]>([
  ['without a good key', 401, 'invalid_api_key', { key: 'nobody-knows-it' }],
  ['for a model that nobody serves', 404, 'model_not_found', { body: chatBody('Hi', { model: 'none' }) }],
  ['with a body too large', 413, 'request_too_large', { body: chatBody('x'.repeat(6_000)) }],
  ['that is no JSON', 400, 'invalid_request', { body: '{' }],
])('a request %s has a span of its own and the id of its trace in its line', async (_, status, code, how) => {
  const { traceId, answer } = await askIn(how);
  expect(answer.status).toBe(status);
  expect(answer.json).toMatchObject({ error: { code } });
  const span = await onlySpanOf(traceId);
  expect(span).toMatchObject({ name: `POST ${CHAT}`, kind: 'server', parentSpanId: 'b'.repeat(16) });
  expect(span?.attributes).toMatchObject({
    'http.request.method': 'POST',
    'http.route': CHAT,
    'http.response.status_code': BigInt(status),
    'error.type': 'caller',
    'gatewayz.error_code': code,
    'gatewayz.request_id': answer.headers.get('x-request-id'),
  });
  expect(answer.headers.get('traceparent')).toBe(`00-${traceId}-${span?.spanId}-01`);
  await expectLine(answer, { message: 'Request refused', status, code, trace_id: traceId });
});

test('a request whose body breaks off in the middle has a span', async () => {
  const traceId = 'c'.repeat(32);
  const head = [
    `POST ${CHAT} HTTP/1.1`,
    'host: gateway',
    `authorization: Bearer ${KEY}`,
    `traceparent: 00-${traceId}-${'b'.repeat(16)}${SAMPLED}`,
    'content-type: application/json',
    'transfer-encoding: chunked',
  ].join('\r\n');
  const { statuses } = await rawRequest(stage.gateway.port, `${head}\r\n\r\nno chunk\r\n`);
  expect(statuses).toEqual([400]);
  expect(await onlySpanOf(traceId)).toMatchObject({
    name: `POST ${CHAT}`,
    attributes: { 'http.response.status_code': 400n, 'gatewayz.error_code': 'bad_request' },
  });
});

test('a request on a path that does not exist has a span without the path', async () => {
  const { traceId, answer } = await askIn({ path: '/v1/secret-path' });
  expect(answer.status).toBe(404);
  const span = await onlySpanOf(traceId);
  expect(span).toMatchObject({ name: 'POST', kind: 'server' });
  expect(Object.values(span?.attributes ?? {}).join()).not.toContain('secret-path');
});

test('a request over its limits has a span', async () => {
  for (let within = 0; within < 6; within += 1) await askIn({ key: LIMITED_KEY, flags: '-00' });
  const { traceId, answer } = await askIn({ key: LIMITED_KEY });
  expect(answer.status).toBe(429);
  const { attributes } = (await onlySpanOf(traceId)) ?? {};
  expect(attributes).toMatchObject({
    'http.response.status_code': 429n,
    'gatewayz.error_code': 'rate_limit_exceeded',
  });
});

test('a request that is answered from the cache has a span that says so, and none of an inference', async () => {
  const body = chatBody('again');
  await askIn({ body, flags: '-00' });
  const { traceId, answer } = await askIn({ body });
  expect([answer.status, answer.headers.get('x-gatewayz-cache')]).toEqual([200, 'hit']);
  const span = await onlySpanOf(traceId);
  expect(span).toMatchObject({ name: `POST ${CHAT}`, kind: 'server' });
  expect(span?.attributes).toMatchObject({
    'gatewayz.cache': 'hit',
    'http.response.status_code': 200n,
    'gen_ai.request.model': 'large',
    'ai.provider': 'primary',
  });
  expect(span?.attributes['error.type']).toBeUndefined();
  expect(answer.headers.get('traceparent')).toBe(`00-${traceId}-${span?.spanId}-01`);
  await expectLine(answer, { message: 'Request answered from the cache', trace_id: traceId });
});

test('of those that are not sampled nothing is kept', async () => {
  const refused = await askIn({ key: 'nobody-knows-it', flags: '-00' });
  const unknown = await askIn({ path: '/nowhere', flags: '-00' });
  // Spans leave in order: with the last one here, those before it would be.
  const last = await askIn({ key: 'nobody-knows-it' });
  await onlySpanOf(last.traceId);
  for (const { traceId } of [refused, unknown]) expect(spansOf(stage.otlp, traceId)).toEqual([]);
});
