import { histogramProblems, type Metrics, rawRequest } from '@gatewayz/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, chatBody } from './ask.ts';
import { type JunkRequest, JunkSource } from './junk.ts';
import { sendPipelined } from './pipeline.ts';
import { settledMetrics } from './settled-metrics.ts';
import { type Stage, startStage } from './stage.ts';

/** `JUNK=1000000 npx vitest run tests/junk-cardinality.test.ts` takes a minute and a half. */
const REQUESTS = Number(process.env.JUNK ?? 100_000);
const CONNECTIONS = 16;
const DEPTH = 16;
const UNLISTED = 500;
/** Routes, methods and statuses as they are, with room: far below what a single label of junk would make. */
const MAX_SERIES = 6000;
const MAX_SCRAPE_BYTES = 1_000_000;

let stage: Stage<'primary'>;
let before: Metrics;
let after: Metrics;
const answered = new Map<number, number>();

function* junk(seed: number, count: number): Generator<JunkRequest, void, void> {
  const source = new JunkSource(seed);
  for (let made = 0; made < count; made += 1) yield source.next();
}

beforeAll(async () => {
  stage = await startStage({ providers: { primary: { keepLog: false } } });
  await ask(stage.gateway, { body: chatBody('x') });
  before = await settledMetrics(stage.gateway);
  const onStatus = (status: number): void => void answered.set(status, (answered.get(status) ?? 0) + 1);
  await Promise.all(
    Array.from({ length: CONNECTIONS }, (_, index) =>
      sendPipelined(stage.gateway.port, junk(index + 1, REQUESTS / CONNECTIONS), DEPTH, onStatus),
    ),
  );
  const asked = Array.from({ length: UNLISTED }, (_, index) => index);
  for (const index of asked)
    await ask(stage.gateway, { body: chatBody('x', { model: `primary/unlisted-${index}` }) });
  await rawRequest(stage.gateway.port, 'FROB /junk HTTP/1.1\r\nhost: x\r\n\r\n');
  after = await settledMetrics(stage.gateway);
}, 600_000);

afterAll(() => stage.close());

function labelValues(metrics: Metrics, names: readonly string[]): ReadonlySet<string> {
  const samples = metrics.families.flatMap((family) => family.samples);
  return new Set(samples.flatMap(({ labels }) => names.flatMap((name) => labels[name] ?? [])));
}

test('every request was answered, none with a failure of the gateway', () => {
  const total = [...answered.values()].reduce((sum, count) => sum + count, 0);
  expect(total).toBe(REQUESTS);
  expect([...answered.keys()].filter((status) => status >= 500)).toEqual([]);
  expect([400, 404].map((status) => (answered.get(status) ?? 0) > 1000)).toEqual([true, true]);
});

test('every request is counted, by the status that the client saw', () => {
  for (const [status, count] of answered) {
    const labels = { status_code: String(status) };
    const scrapes = status === 200 ? after.sum('fastapi_requests_total', { ...labels, path: '/metrics' }) : 0;
    const grown = after.sum('fastapi_requests_total', labels) - before.sum('fastapi_requests_total', labels);
    const known = status === 200 ? UNLISTED + scrapes : 0;
    const early = before.sum('fastapi_requests_total', { ...labels, path: '/metrics' });
    expect([status, grown]).toEqual([status, count + known - (status === 200 ? early : 0)]);
  }
});

test('Telemetry: random models, paths, keys, agents → series stay where routes and catalogue put them', () => {
  expect(after.size).toBeLessThan(MAX_SERIES);
  expect(after.sum('gatewayz_metrics_series_dropped_total')).toBe(0);
  const families = after.families.map(({ name }) => name);
  expect(new Set(families).size).toBe(families.length);
});

test('no label holds anything that a client sent', () => {
  expect([...labelValues(after, ['model'])].sort()).toEqual(['large', 'other']);
  expect([...labelValues(after, ['path', 'endpoint'])].filter((path) => path.includes('%'))).toEqual([]);
  expect(labelValues(after, ['path', 'endpoint']).size).toBeLessThan(40);
  expect(labelValues(after, ['method']).size).toBeLessThan(10);
  expect([...labelValues(after, ['provider'])]).toEqual(['primary']);
});

test('models that no list names are counted as one', () => {
  const other = { provider: 'primary', model: 'other', outcome: 'success' };
  expect(after.value('gatewayz_attempts_total', other)).toBe(UNLISTED);
});

test('Telemetry: random models, paths, keys, agents → the scrape is whole, parsable and at most a megabyte', async () => {
  const text = await (await fetch(`${stage.gateway.url}/metrics`)).text();
  expect(Buffer.byteLength(text)).toBeLessThan(MAX_SCRAPE_BYTES);
  expect(histogramProblems(after)).toEqual([]);
});
