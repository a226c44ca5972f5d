import type { Metrics, ReceivedSpan } from '@gatewayz/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NO_BREAKER } from '../faults/fault-stage.ts';
import { settledMetrics } from '../settled-metrics.ts';
import {
  Arrivals,
  attemptsByNumber,
  KINDS,
  type MixedRecord,
  mixedScript,
  type ProviderName,
  planMixedRun,
  playMixed,
} from './mixed-run.ts';
import {
  arrived,
  type LogLine,
  lineCounts,
  lokiEntries,
  readLines,
  spanCounts,
  spansOf,
  startTelemetryStage,
  type TelemetryStage,
} from './telemetry-stage.ts';

const OF_EACH = 12;
const CONCURRENCY = 32;

let stage: TelemetryStage<ProviderName>;
let records: readonly MixedRecord[];
let attempts: ReturnType<typeof attemptsByNumber>;
let metrics: Metrics;
let acceptedThen: number;
let spansThen: number;

beforeAll(async () => {
  const arrivals = new Arrivals();
  stage = await startTelemetryStage({
    providers: {
      primary: { byDefault: mixedScript('primary', arrivals) },
      spare: { byDefault: mixedScript('spare', arrivals) },
    },
    sections: { spare: { capabilities: { assistantPrefill: true } } },
    config: {
      breaker: NO_BREAKER,
      retries: { attempts: 2, budgetRatio: 1 },
      timeouts: { firstTokenMs: 3000, answerMs: 3000, idleMs: 3000 },
    },
  });
  const plan = planMixedRun(OF_EACH);
  const queue = plan.values();
  const played: MixedRecord[] = [];
  const playSome = async (): Promise<void> => {
    for (const request of queue) played.push(await playMixed(stage.gateway, request, arrivals));
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, playSome));
  records = played;
  await settledMetrics(stage.gateway);
  await arrived(async () => (await stage.gateway.metrics()).value('loki_log_queue_size'), 0);
  attempts = attemptsByNumber(stage.providers);
  const spans = [...attempts.values()].reduce((sum, of) => sum + of.length + 2, 0);
  await arrived(async () => spanCounts(await stage.gateway.metrics()).exported, spans);
  metrics = await stage.gateway.metrics();
  acceptedThen = stage.loki.stats().accepted;
  spansThen = stage.otlp.spans.length;
  expect(await stage.gateway.stop()).toEqual({ code: 0, signal: null });
}, 90_000);

afterAll(() => stage.close());

function attemptsOf({ request }: MixedRecord) {
  return attempts.get(request.number) ?? [];
}

function isRequestLine({ message }: LogLine): boolean {
  return message === 'Request processed' || message === 'Request failed';
}

test('the run held every kind of end', () => {
  expect(records).toHaveLength(OF_EACH * Object.keys(KINDS).length);
  for (const { request, status } of records)
    expect([request.kind, status]).toEqual([request.kind, request.status]);
  expect(records.every((record) => attemptsOf(record).length > 0)).toBe(true);
});

describe('lines', () => {
  test('are the same on standard output and in Loki, each once, and in order within their stream', () => {
    const { loki, gateway } = stage;
    const printed = gateway.process.stdout().split('\n').slice(0, -1);
    const shipped = lokiEntries(loki).map(({ entry }) => entry.line);
    expect(loki.stats()).toMatchObject({ duplicates: 0, outOfOrder: 0, discarded: {} });
    expect(shipped.toSorted()).toEqual(printed.toSorted());
    const place = new Map(printed.map((line, index) => [line, index]));
    for (const { entries } of loki.streams) {
      const places = entries.map(({ line }) => place.get(line) ?? -1);
      expect(places).toEqual(places.toSorted((a, b) => a - b));
    }
  });

  test('are one for each request, with what the client saw and what the providers logged', () => {
    const byTrace = Map.groupBy(readLines(stage.gateway.process.stdout()).filter(isRequestLine), (line) =>
      String(line.trace_id),
    );
    expect(byTrace.size).toBe(records.length);
    for (const record of records) {
      const { request, requestId } = record;
      const lines = byTrace.get(request.traceId) ?? [];
      const own = attemptsOf(record);
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatchObject({
        level: request.level,
        app: 'gatewayz',
        endpoint: request.path,
        model: 'large',
        provider: own.at(-1)?.provider,
        attempts: own.length,
        outcome: request.outcome,
        stream: request.stream,
        request_id: requestId ?? expect.any(String),
        duration_ms: expect.any(Number),
      });
      expect(lines[0]?.error_type).toBe(request.outcome === 'success' ? undefined : request.outcome);
    }
  });

  test('have the labels that dashboards select by, and their ids as structured metadata', () => {
    for (const { labels, entry } of lokiEntries(stage.loki)) {
      const line = JSON.parse(entry.line) as LogLine;
      expect(labels).toEqual({
        app: expect.stringMatching(/^gatewayz/),
        env: 'development',
        service: 'gateway',
        level: line.level,
        ...(line.error_type === undefined ? {} : { error_type: line.error_type }),
        ...(line.provider === undefined ? {} : { provider: line.provider }),
      });
      if (!isRequestLine(line)) continue;
      const { request_id, trace_id, span_id, model } = line;
      expect(entry.metadata).toEqual({ request_id, trace_id, span_id, model });
    }
    const errors = lokiEntries(stage.loki).filter(({ labels }) => labels.level === 'ERROR');
    const lines = errors.map(({ entry }) => JSON.parse(entry.line) as LogLine);
    expect(lines.filter((line) => !isRequestLine(line))).toEqual([]);
    const expected = records.filter(({ request }) => request.level === 'ERROR');
    expect(lines).toHaveLength(expected.length);
  });

  test('tell every failover, those that were held back by their number', () => {
    const failovers = readLines(stage.gateway.process.stdout()).filter(
      ({ message }) => message === 'Failover',
    );
    const told = failovers.reduce((sum, { repeated }) => sum + Number(repeated ?? 1), 0);
    expect(told).toBe(metrics.sum('gatewayz_failovers_total'));
    expect(failovers.length).toBeLessThan(told);
    const known = new Set(records.map(({ request }) => request.traceId));
    expect(failovers.every(({ trace_id }) => known.has(String(trace_id)))).toBe(true);
  });

  test('are counted to the line', () => {
    expect(lineCounts(metrics)).toEqual({
      delivered: acceptedThen,
      dropped_full: 0,
      dropped_rejected: 0,
      dropped_closed: 0,
      dropped_stdout: 0,
      queued: 0,
    });
    expect(acceptedThen).toBeGreaterThanOrEqual(records.length);
  });
});

describe('spans', () => {
  const named = (spans: readonly ReceivedSpan[], start: string): readonly ReceivedSpan[] =>
    spans.filter(({ name }) => name.startsWith(start));

  test('arrived exactly once, and are counted to the span', () => {
    const { otlp } = stage;
    const expected = records.reduce((sum, record) => sum + 2 + attemptsOf(record).length, 0);
    expect(otlp.problems).toEqual([]);
    expect(new Set(otlp.spans.map(({ spanId }) => spanId)).size).toBe(expected);
    expect([otlp.spans.length, spansThen]).toEqual([expected, expected]);
    expect(spanCounts(metrics)).toEqual({ exported: expected, dropped_full: 0, dropped_failed: 0 });
  });

  test("are the request's below the client's, the inference's below that, and the attempts' below that", () => {
    for (const record of records) {
      const { request } = record;
      const spans = spansOf(stage.otlp, request.traceId);
      const [server] = named(spans, 'POST ');
      const [inference] = named(spans, 'model_inference');
      const tries = named(spans, 'attempt ').toSorted((a, b) => Number(a.startNs - b.startNs));
      expect(spans).toHaveLength(2 + attemptsOf(record).length);
      expect(server).toMatchObject({ parentSpanId: request.parentSpanId, kind: 'server' });
      expect(inference).toMatchObject({ parentSpanId: server?.spanId, kind: 'internal' });
      expect(tries.map(({ name, kind, parentSpanId }) => [name, kind, parentSpanId])).toEqual(
        attemptsOf(record).map(({ provider }) => [`attempt ${provider}`, 'client', inference?.spanId]),
      );
      const { startNs = 0n, endNs = 0n } = server ?? {};
      expect(spans.every((span) => span.startNs >= startNs && span.endNs <= endNs)).toBe(true);
    }
  });

  test("name the request by HTTP's conventions", () => {
    for (const { request, status, requestId } of records) {
      const [server] = named(spansOf(stage.otlp, request.traceId), 'POST ');
      expect(server?.name).toBe(`POST ${request.path}`);
      expect(server?.attributes).toMatchObject({
        'http.request.method': 'POST',
        'http.route': request.path,
        'url.path': request.path,
        'url.scheme': 'http',
        'http.response.status_code': BigInt(status),
        'gatewayz.request_id': requestId ?? expect.any(String),
      });
      expect(server?.status.code).toBe(status >= 500 ? 'error' : 'unset');
    }
  });

  test("name the inference by GenAI's conventions, with the usage that the provider reported", () => {
    const operations = { chat: 'chat', completions: 'text_completion', embeddings: 'embeddings' } as const;
    for (const record of records) {
      const { request } = record;
      const last = attemptsOf(record).at(-1);
      const [inference] = named(spansOf(stage.otlp, request.traceId), 'model_inference');
      const operation = Object.entries(operations).find(([word]) => request.path.includes(word))?.[1];
      expect(inference?.attributes).toMatchObject({
        'gen_ai.operation.name': operation,
        'gen_ai.provider.name': last?.provider,
        'gen_ai.system': last?.provider,
        'gen_ai.request.model': 'large',
        'gen_ai.response.model': 'large',
        'gen_ai.request.stream': request.stream,
        'gatewayz.attempts': BigInt(attemptsOf(record).length),
      });
      if (request.outcome !== 'success') continue;
      const { prompt_tokens = 0, completion_tokens = 0 } = (last?.usageSent ?? {}) as Record<string, number>;
      expect(inference?.attributes).toMatchObject({
        'gen_ai.usage.input_tokens': BigInt(prompt_tokens),
        ...(request.path === '/v1/embeddings'
          ? {}
          : {
              'gen_ai.usage.output_tokens': BigInt(completion_tokens),
              'gen_ai.response.finish_reasons': ['stop'],
            }),
      });
      expect(inference?.events.map(({ name }) => name)).toEqual(request.stream ? ['gen_ai.first_chunk'] : []);
    }
  });

  test('of what failed have the outcome as their error type', () => {
    for (const record of records) {
      const { request } = record;
      const spans = spansOf(stage.otlp, request.traceId);
      const [inference] = named(spans, 'model_inference');
      const hasFailed = request.outcome !== 'success';
      expect(inference?.status.code).toBe(hasFailed ? 'error' : 'unset');
      expect(inference?.attributes['error.type']).toBe(hasFailed ? request.outcome : undefined);
      const tries = named(spans, 'attempt ').toSorted((a, b) => Number(a.startNs - b.startNs));
      tries.forEach(({ attributes, status }, index) => {
        const isGood = attributes['gatewayz.outcome'] === 'success';
        expect(isGood).toBe(!hasFailed && index === tries.length - 1);
        expect(status.code).toBe(isGood ? 'unset' : 'error');
        expect(attributes['error.type']).toBe(isGood ? undefined : attributes['gatewayz.outcome']);
        expect(attributes).toMatchObject({
          'ai.provider': attemptsOf(record)[index]?.provider,
          'server.address': '127.0.0.1',
          'gatewayz.breaker_state': 'closed',
          'gatewayz.chosen_as': 'best',
        });
      });
    }
  });

  test('go out with the decision and the id of the request, for whoever asked', () => {
    for (const { request, traceparent } of records) {
      if (traceparent === null) continue;
      const [server] = named(spansOf(stage.otlp, request.traceId), 'POST ');
      expect(traceparent).toBe(`00-${request.traceId}-${server?.spanId}-01`);
    }
  });

  test('carry the service and its environment, under the newer and the older name', () => {
    for (const { resource, scope } of stage.otlp.spans) {
      expect(scope.name).toBe('@gatewayz/gateway');
      expect(resource).toMatchObject({
        'service.name': 'gatewayz',
        'deployment.environment.name': 'development',
        'deployment.environment': 'development',
      });
    }
  });

  test('of a request whose key nobody pays for are none of the ledger', () => {
    expect(named(stage.otlp.spans, 'ledger')).toEqual([]);
  });
});
