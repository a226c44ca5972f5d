import {
  answers,
  failsWith,
  histogramProblems,
  parseExposition,
  type RunningPrometheus,
  startPrometheus,
} from '@gatewayz/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, chatBody } from './ask.ts';
import { runCommand } from './command.ts';
import { type Stage, startStage } from './stage.ts';

const TOKEN = 'token-of-the-scraper';
const PYTHON = '/usr/bin/python3';
const STRICT_PARSER = `
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
families = text_string_to_metric_families(sys.stdin.read())
print(json.dumps({family.name: family.type for family in families}))
`;

/**
 * What promtool says of names that nobody may change: the contract takes them from prom-client and from existing
 * dashboards. It is advice, on an exit code of its own; what it cannot parse has another.
 */
const ADVICE_ON_FIXED_NAMES = new Set(
  [
    'nodejs_active_handles_total',
    'nodejs_active_requests_total',
    'nodejs_active_resources_total',
    'gatewayz_providers_total',
  ].map((name) => `${name} non-counter metrics should not have "_total" suffix`),
);
const EXIT_WITH_ADVICE = 3;
const EXIT_UNPARSABLE = 1;

let stage: Stage<'primary' | 'spare'>;
let prometheus: RunningPrometheus;
let isRunning = true;
let traffic: Promise<void>;

async function keepAsking(): Promise<void> {
  for (let number = 0; isRunning; number += 1) {
    const model = number % 5 === 0 ? 'shaky' : 'large';
    await ask(stage.gateway, { body: chatBody(`question ${number}`, { model, stream: number % 2 === 0 }) });
  }
}

beforeAll(async () => {
  stage = await startStage({
    providers: {
      primary: { byDefault: answers({ delayBeforeHeadersMs: 20 }), models: { shaky: failsWith(503) } },
      spare: {},
    },
    models: ['large', 'shaky'],
    gateway: { env: { METRICS_TOKEN: TOKEN } },
  });
  prometheus = await startPrometheus({
    targets: [`127.0.0.1:${stage.gateway.port}`],
    scrapeInterval: '1s',
    bearerToken: TOKEN,
  });
  traffic = keepAsking();
});

afterAll(async () => {
  isRunning = false;
  await traffic;
  await prometheus.stop();
  await stage.close();
});

function scrape(headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(`${stage.gateway.url}/metrics`, { headers: { authorization: `Bearer ${TOKEN}`, ...headers } });
}

test.each([
  'sum(rate(fastapi_requests_total[1m]))',
  'histogram_quantile(0.95, sum by (le) (rate(fastapi_requests_duration_seconds_bucket[1m])))',
  'sum(fastapi_requests_duration_seconds_bucket{le="2.0"})',
  'sum(rate(gatewayz_attempts_total{provider="spare",outcome="success"}[1m]))',
])('a real Prometheus answers %s from what it scraped', async (expression) => {
  const isPositive = (results: readonly { value: number }[]): boolean => (results[0]?.value ?? 0) > 0;
  const [result] = await prometheus.queryUntil(expression, isPositive, 20_000);
  expect(result?.value).toBeGreaterThan(0);
});

test('the target is up, and no scrape of it failed', async () => {
  expect(await prometheus.queryUntil('up{job="gateway"} == 1')).toHaveLength(1);
  expect((await prometheus.query('min_over_time(up[1m])'))[0]?.value).toBe(1);
});

test('what Prometheus stored is what the gateway says', async () => {
  isRunning = false;
  await traffic;
  const metrics = await stage.gateway.metrics();
  const chat = { path: '/v1/chat/completions', status_code: '200' };
  const said = metrics.sum('fastapi_requests_total', chat);
  const stored = `sum(fastapi_requests_total{path="${chat.path}",status_code="200"})`;
  const [result] = await prometheus.queryUntil(stored, ([sum]) => sum?.value === said);
  expect(result?.value).toBe(said);
});

test('promtool has nothing against the scrape but the names that are fixed', async () => {
  const text = await (await scrape()).text();
  const { code, stdout, stderr } = await runCommand('promtool', ['check', 'metrics'], text);
  const advice = `${stdout}${stderr}`.split('\n').filter((line) => line !== '');
  expect(advice.filter((line) => !ADVICE_ON_FIXED_NAMES.has(line))).toEqual([]);
  expect(code).toBe(EXIT_WITH_ADVICE);
});

test('promtool is able to refuse: a broken line is no advice', async () => {
  const text = await (await scrape()).text();
  const broken = `${text}fastapi_requests_total{path="x} 1\n`;
  const { code } = await runCommand('promtool', ['check', 'metrics'], broken);
  expect(code).toBe(EXIT_UNPARSABLE);
});

test('the text format is strict, with one family a name and float bounds', async () => {
  const response = await scrape();
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  const text = await response.text();
  expect(parseExposition(text).length).toBeGreaterThan(20);
  expect(text).toContain('le="2.0"');
  expect(text).not.toMatch(/le="\d+"/);
  expect(histogramProblems(await stage.gateway.metrics())).toEqual([]);
});

test('OpenMetrics comes by Accept header, and the strict parser of the Python client reads it', async () => {
  const accept = 'application/openmetrics-text;version=1.0.0,text/plain;q=0.5';
  const response = await scrape({ accept });
  expect(response.headers.get('content-type')).toMatch(/^application\/openmetrics-text; version=1\.0\.0/);
  const text = await response.text();
  expect(text.endsWith('# EOF\n')).toBe(true);
  const { code, stdout, stderr } = await runCommand(PYTHON, ['-c', STRICT_PARSER], text);
  expect([code, stderr]).toEqual([0, '']);
  expect(JSON.parse(stdout)).toMatchObject({
    fastapi_requests: 'counter',
    fastapi_requests_duration_seconds: 'histogram',
    fastapi_requests_in_progress: 'gauge',
    tokens_used: 'counter',
  });
  const broken = await runCommand(PYTHON, ['-c', STRICT_PARSER], text.replace('# EOF\n', ''));
  expect(broken.code).not.toBe(0);
});

test.each([
  ['no token', {}],
  ['another token', { authorization: 'Bearer token-of-somebody' }],
  ['the start of the token', { authorization: `Bearer ${TOKEN.slice(0, -1)}` }],
  ['the token as a password', { authorization: `Basic ${btoa(`x:${TOKEN}`)}` }],
])('with %s there are no metrics', async (_, headers) => {
  const answer = await ask(stage.gateway, { path: '/metrics', headers });
  expect([answer.status, answer.error?.type]).toEqual([401, 'authentication_error']);
  expect(answer.headers.get('www-authenticate')).toBe('Bearer');
  expect(answer.text).not.toContain('fastapi');
});
