import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, chatBody } from '../ask.ts';
import { settledMetrics } from '../settled-metrics.ts';
import { readFolder } from './canaries.ts';
import { arrived, linesOf, spansOf, startTelemetryStage, type TelemetryStage } from './telemetry-stage.ts';

const ADMIN_TOKEN = 'token-of-the-admin-0123456789';

let stage: TelemetryStage<'primary'>;
let token: string;

beforeAll(async () => {
  stage = await startTelemetryStage({
    providers: { primary: {} },
    sections: {
      primary: { prices: { large: { inputUsdPerMillion: 1_000, outputUsdPerMillion: 2_000 } } },
    },
    config: { auth: { mode: 'keys', keys: ['key-of-the-configuration'] } },
    gateway: { env: { ADMIN_TOKEN } },
  });
  await admin('users', { id: 'ada' });
  await admin('users/ada/credits', { amount_micro: 10_000_000 });
  ({ token } = (await admin('keys', { user_id: 'ada', name: 'test' })) as { readonly token: string });
});

afterAll(() => stage.close());

async function admin(path: string, body: object): Promise<unknown> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  const answer = await ask(stage.gateway, { path: `/admin/${path}`, headers, body });
  expect([path, answer.status < 300]).toEqual([path, true]);
  return answer.json;
}

/** Asks with a key; gives the id of the request and of its trace. */
async function askWith(key: string) {
  const headers = { authorization: `Bearer ${key}` };
  const answer = await ask(stage.gateway, { headers, body: chatBody('Hello') });
  const traceId = answer.headers.get('traceparent')?.split('-')[1] ?? '';
  return { status: answer.status, requestId: answer.headers.get('x-request-id'), traceId };
}

const namesOf = (traceId: string): readonly string[] =>
  spansOf(stage.otlp, traceId)
    .map(({ name }) => name)
    .sort();

const REQUEST = ['POST /v1/chat/completions', 'attempt primary'];

test("a request with a user's key has a span of the ledger below the request's own, and the user in its line", async () => {
  const { status, requestId, traceId } = await askWith(token);
  expect(status).toBe(200);
  const asked = ['ledger.reserve', 'model_inference', 'select api_keys'];
  await arrived(() => namesOf(traceId), [...REQUEST, ...asked]);
  const spans = spansOf(stage.otlp, traceId);
  const server = spans.find(({ kind }) => kind === 'server');
  const ledger = spans.filter(({ name }) => name.startsWith('ledger.'));
  for (const span of ledger) {
    expect(span).toMatchObject({ parentSpanId: server?.spanId, kind: 'client' });
    expect(span.attributes['db.collection.name']).toBe('ledger');
  }
  expect(server?.attributes['gatewayz.user_id']).toBe('ada');
  await arrived(() => linesOf(stage.loki, requestId).length, 1);
  const [line] = linesOf(stage.loki, requestId);
  expect(line).toMatchObject({ user_id: 'ada', trace_id: traceId, key_id: expect.any(String) });
  expect(line?.cost_usd).toBe(
    spans.find(({ name }) => name === 'model_inference')?.attributes['gatewayz.cost_usd'],
  );
});

test('a request with a key of the configuration has none', async () => {
  const { status, traceId } = await askWith('key-of-the-configuration');
  expect(status).toBe(200);
  await arrived(() => namesOf(traceId), [...REQUEST, 'model_inference']);
});

test("a user's key is in no sink, and in no file", async () => {
  await askWith(`${token}x`);
  await settledMetrics(stage.gateway);
  const metrics = await (await fetch(`${stage.gateway.url}/metrics`)).text();
  const files = readFolder(stage.gateway.dataFolder);
  const { process } = stage.gateway;
  const spans = JSON.stringify(stage.otlp.spans, (_, value) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  const lines = stage.loki.streams.flatMap(({ entries }) => entries.map(({ line }) => line)).join('\n');
  const sinks = { metrics, files, spans, lines, stdout: process.stdout(), stderr: process.stderr() };
  for (const [place, text] of Object.entries(sinks)) {
    expect([place, text.length > 0 || place === 'stderr', text.includes(token)]).toEqual([
      place,
      true,
      false,
    ]);
  }
  expect(files).toContain('ada');
});
