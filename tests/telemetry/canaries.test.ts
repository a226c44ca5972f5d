import { freePort } from '@gatewayz/testkit';
import { expect, test } from 'vitest';
import { ask, chatBody } from '../ask.ts';
import { NO_BREAKER, SHORT_TIMEOUTS } from '../faults/fault-stage.ts';
import { settledMetrics } from '../settled-metrics.ts';
import { CANARIES, canariesIn, ECHOES, readFolder } from './canaries.ts';
import { readLines, startTelemetryStage, type TelemetryStage } from './telemetry-stage.ts';

const MODELS = Object.keys(ECHOES);
/** What clients must not see either. */
const TO_PROVIDERS = { key: CANARIES.providerKey, header: CANARIES.providerHeader };
const authorization = `Bearer ${CANARIES.clientKey}`;

/** A gateway with a secret in everything that may hold one, before providers that repeat what they are sent. */
async function startCanaryStage(level: string, bodies = false): Promise<TelemetryStage<'primary' | 'spare'>> {
  const nowhere = `127.0.0.1:${await freePort()}`;
  const at = (password: string): string => `user:${encodeURIComponent(password)}@`;
  const otlp = `authorization=Bearer%20${CANARIES.otlpHeader}`;
  const section = { apiKey: CANARIES.providerKey, headers: { 'x-api-key': CANARIES.providerHeader } };
  return startTelemetryStage(
    {
      providers: { primary: { models: ECHOES }, spare: { models: ECHOES } },
      models: ['large', ...MODELS],
      sections: { primary: section, spare: section },
      config: {
        auth: { mode: 'keys', keys: [CANARIES.clientKey] },
        breaker: NO_BREAKER,
        retries: { budgetRatio: 1 },
        timeouts: SHORT_TIMEOUTS,
        healthService: { embedded: true },
        logs: { bodies },
        traces: { toProviders: true },
      },
      gateway: {
        env: {
          LOG_LEVEL: level,
          METRICS_TOKEN: CANARIES.metricsToken,
          ADMIN_TOKEN: CANARIES.adminToken,
          REDIS_URL: `redis://${at(CANARIES.redisPassword)}${nowhere}/0`,
          PROMETHEUS_URL: `http://${at(CANARIES.prometheusPassword)}${nowhere}`,
          OTEL_EXPORTER_OTLP_HEADERS: otlp,
          OTEL_EXPORTER_OTLP_TRACES_HEADERS: otlp,
        },
      },
    },
    { basicAuth: `user:${CANARIES.lokiPassword}` },
  );
}

/** Every request that a secret may come with; gives what the explanations say of those that were inferences. */
async function askEverything({ gateway }: TelemetryStage<'primary' | 'spare'>): Promise<string> {
  const headers = {
    authorization,
    cookie: `session=${CANARIES.cookie}`,
    'x-api-key': CANARIES.clientHeader,
    'x-request-id': CANARIES.clientHeader,
    'user-agent': `agent/${CANARIES.clientHeader}`,
    baggage: `k=${CANARIES.clientHeader}`,
  };
  const explained: string[] = [];
  for (const model of ['large', ...MODELS]) {
    for (const stream of [false, true]) {
      const messages = [
        { role: 'system', content: CANARIES.systemPrompt },
        { role: 'user', content: CANARIES.prompt },
      ];
      const answer = await ask(gateway, { headers, body: { model, stream, messages } });
      const id = answer.headers.get('x-request-id');
      // The bytes of a good answer are the provider's own.
      const isGood = model === 'echo-finish' && !stream;
      if (!isGood) expect(canariesIn(answer.text, TO_PROVIDERS)).toEqual([]);
      explained.push((await ask(gateway, { path: `/v1/requests/${id}/explain`, headers })).text);
    }
  }
  const wrong = { ...headers, authorization: `Bearer ${CANARIES.wrongKey}` };
  const query = `?api_key=${CANARIES.query}`;
  await ask(gateway, { headers: wrong, body: chatBody(CANARIES.prompt) });
  await ask(gateway, { headers, path: `/v1/chat/completions${query}`, body: chatBody(CANARIES.prompt) });
  await ask(gateway, { headers, path: `/nowhere/${CANARIES.query}${query}` });
  await ask(gateway, { headers, path: `/v1/models${query}` });
  await ask(gateway, { headers, body: `{"model":"large","messages":[{"content":"${CANARIES.prompt}` });
  await ask(gateway, { headers, body: { model: 'large', messages: CANARIES.prompt } });
  await ask(gateway, { path: '/admin/users', headers: { authorization: `Bearer ${CANARIES.wrongKey}` } });
  await ask(gateway, { path: '/admin/users', headers: { authorization: `Bearer ${CANARIES.adminToken}` } });
  return explained.join('\n');
}

/** What can be read of the gateway while it runs. */
async function readEndpoints({ gateway }: TelemetryStage<'primary' | 'spare'>): Promise<string> {
  const headers = { authorization: `Bearer ${CANARIES.metricsToken}` };
  const open = { ...headers, accept: 'application/openmetrics-text' };
  const views = ['summary', 'providers', 'all', 'docs'].map((view) => `/prometheus/metrics/${view}`);
  const paths = ['/metrics', '/prometheus/metrics', '/health', '/health/dashboard', ...views];
  const texts = await Promise.all([
    ask(gateway, { path: '/metrics', headers: open }),
    ...paths.map((path) => ask(gateway, { path, headers })),
  ]);
  return texts.map(({ text }) => text).join('\n');
}

/** Everything that a run has left anywhere, by the place where it was left. */
async function readSinks(
  stage: TelemetryStage<'primary' | 'spare'>,
  explanations: string,
): Promise<Readonly<Record<string, string>>> {
  const { gateway, loki, otlp } = stage;
  await settledMetrics(gateway);
  const endpoints = await readEndpoints(stage);
  const folder = readFolder(gateway.dataFolder);
  expect((await gateway.stop(20_000)).code).toBe(0);
  const spans = JSON.stringify(otlp.spans, (_, value) => (typeof value === 'bigint' ? String(value) : value));
  const lines = JSON.stringify(
    loki.streams.map(({ labels, entries }) => [
      labels,
      entries.map(({ line, metadata }) => [line, metadata]),
    ]),
  );
  const { process } = gateway;
  return {
    stdout: process.stdout(),
    stderr: process.stderr(),
    lines,
    spans,
    endpoints,
    explanations,
    folder,
  };
}

function found(sinks: Readonly<Record<string, string>>, canaries: Readonly<Record<string, string>>) {
  return Object.entries(sinks).flatMap(([place, text]) =>
    canariesIn(text, canaries).map((name) => `${name} in ${place}`),
  );
}

test.concurrent.each(['debug', 'info', 'error'])(
  'no secret and no prompt is in any sink at the level %s',
  async (level) => {
    await using stage = await startCanaryStage(level);
    const explanations = await askEverything(stage);
    const sinks = await readSinks(stage, explanations);
    expect(found(sinks, CANARIES)).toEqual([]);
    // What has to be there shows that each place was looked at.
    const marks = { stdout: 'provider_error', lines: 'provider_error', spans: 'model_inference' };
    const more = { endpoints: 'echo-401', explanations: 'echo-500', folder: 'SQLite format 3' };
    for (const [place, mark] of Object.entries({ ...marks, ...more })) expect(sinks[place]).toContain(mark);
  },
  60_000,
);

test.concurrent('bodies are logged where that is asked for, after a loud warning, and keys are masked in them all the same', async () => {
  await using stage = await startCanaryStage('info', true);
  const explanations = await askEverything(stage);
  const sinks = await readSinks(stage, explanations);
  const { prompt, systemPrompt, answer, ...secrets } = CANARIES;
  expect(found(sinks, secrets)).toEqual([]);
  const [first] = readLines(sinks.stdout ?? '');
  expect(first).toMatchObject({
    level: 'WARNING',
    message: expect.stringContaining('BODIES ARE BEING LOGGED'),
  });
  for (const body of [prompt, systemPrompt, answer]) {
    expect([sinks.stdout?.includes(body), sinks.lines?.includes(body)]).toEqual([true, true]);
  }
  const { stdout: _, lines: __, ...others } = sinks;
  expect(found(others, CANARIES)).toEqual([]);
}, 60_000);
