import { createViews, type Views, viewDefinitions } from '@gatewayz/observability';
import { type RunningPrometheus, readMetrics, startPrometheus } from '@gatewayz/testkit';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type MeasuredProcess, startMeasuredProcess, WILD_MODEL } from './measured-process.ts';

const SCRAPE_MS = 250;
const TOLERANCE = 0.02;
/** So many that what came before Prometheus looked is next to nothing, even in the tail of a quantile. */
const ROUNDS = 4000;
/** Enough for every status. */
const WARM_UP_ROUNDS = 5;
const ALL_ROUNDS = ROUNDS + WARM_UP_ROUNDS;
/** How far scrapes and samples may lie apart shows in a rate as a share of the time that they span: it shrinks. */
vi.setConfig({ testTimeout: 60_000 });
const AGREEMENT = { timeout: 25_000, interval: 1000 };

let one: MeasuredProcess;
let other: MeasuredProcess;
let prometheus: RunningPrometheus;
let local: Views;
const opened: Views[] = [];

function createTestViews(process: MeasuredProcess, selector?: string): Views {
  const views = createViews({
    registry: process.registry,
    prometheus:
      selector === undefined ? null : { url: prometheus.url, timeoutMs: 5000, ...(selector && { selector }) },
    now: () => performance.now(),
    epochNow: Date.now,
    sampleIntervalMs: SCRAPE_MS,
  });
  opened.push(views);
  return views;
}

async function ask(views: Views, path: string, query = ''): Promise<string> {
  const { status, body } = await views.respond({ path, query: new URLSearchParams(`window=1m${query}`) });
  if (status !== 200) throw new Error(`${path} answered ${status}: ${body}`);
  return body.toString();
}

/** Every number of the text views and the summary, by a key that has its labels. */
async function numbersOf(views: Views, query = ''): Promise<ReadonlyMap<string, number | null>> {
  const summary = JSON.parse(await ask(views, 'summary', query));
  const fields = Object.entries(summary.metrics as Record<string, Record<string, number | null>>).flatMap(
    ([group, values]) =>
      Object.entries(values).map(([field, value]) => [`${group}.${field}`, value] as const),
  );
  const samples = readMetrics(await ask(views, 'all', query))
    .families.filter(({ name }) => !name.startsWith('gatewayz_view_'))
    .flatMap((family) => family.samples)
    .map(({ name, labels, value }) => [`${name} ${JSON.stringify(sorted(labels))}`, value] as const);
  return new Map([...fields, ...samples]);
}

function sorted(labels: Readonly<Record<string, string>>): readonly (readonly [string, string])[] {
  return Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Waits until both sources say the same, and returns the numbers of this process. */
async function untilAgreed(query = ''): Promise<ReadonlyMap<string, number | null>> {
  return vi.waitFor(async () => {
    const [ours, theirs] = await Promise.all([
      numbersOf(local, query),
      numbersOf(createTestViews(one, 'fleet="one"'), query),
    ]);
    expect([...theirs.keys()].sort()).toEqual([...ours.keys()].sort());
    const apart = [...ours].filter(([key, value]) => !isNear(value, theirs.get(key) ?? null));
    expect(apart.map(([key, value]) => `${key}: ${value} here, ${theirs.get(key)} there`)).toEqual([]);
    return ours;
  }, AGREEMENT);
}

function isNear(a: number | null, b: number | null): boolean {
  if (a === null || b === null) return a === b;
  return Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b));
}

function knownNames(numbers: ReadonlyMap<string, number | null>): ReadonlySet<string> {
  return new Set([...numbers].filter(([, value]) => value !== null).map(([key]) => key.split(' ')[0] ?? ''));
}

beforeAll(async () => {
  [one, other] = await Promise.all([startMeasuredProcess(), startMeasuredProcess()]);
  const job = (fleet: string, { address }: MeasuredProcess) => ({
    job_name: fleet,
    static_configs: [{ targets: [address], labels: { fleet } }],
  });
  const interval = `${SCRAPE_MS}ms`;
  const config = {
    global: { scrape_interval: interval, scrape_timeout: interval },
    scrape_configs: [job('one', one), job('other', other)],
  };
  prometheus = await startPrometheus({ config: JSON.stringify(config) });
  local = createTestViews(one);
  local.start();
  one.serve(WARM_UP_ROUNDS);
  other.serve(WARM_UP_ROUNDS);
  // Prometheus does not count what a series has at its first scrape: every one must be there before.
  await prometheus.queryUntil('count(min_over_time(fastapi_requests_total{fleet="one"}[2s]))');
  await new Promise((resolve) => setTimeout(resolve, 2 * SCRAPE_MS));
  one.serve(ROUNDS);
  other.serve(ROUNDS);
});

afterAll(async () => {
  for (const views of opened) views.stop();
  await prometheus.stop();
  one.close();
  other.close();
});

test('before anything sets them, business and credits are unknown to both, and all else is known to both', async () => {
  const unset =
    /^(gatewayz_(api_keys|subscriptions|trials|(model_)?credits_total)$|business\.active_|.*credits_used)/;
  const numbers = await untilAgreed();
  const known = knownNames(numbers);
  const names = [
    ...viewDefinitions.map(({ name }) => name),
    ...[...numbers.keys()].filter((key) => key.includes('.')),
  ];
  const all = new Set(names.map((name) => name.split(' ')[0] ?? ''));
  expect([...all].filter((name) => known.has(name) === unset.test(name))).toEqual([]);
});

test('once they are set, every single value is known, and the same to both within 2%', async () => {
  one.setBusiness();
  const numbers = await vi.waitFor(async () => {
    const agreed = await untilAgreed();
    expect(agreed.get('business.active_trials')).toBe(4);
    return agreed;
  }, AGREEMENT);
  const known = knownNames(numbers);
  expect(viewDefinitions.filter(({ name }) => !known.has(name))).toEqual([]);
  expect([...numbers].filter(([, value]) => value === null)).toEqual([]);
  expect(numbers.get('http.total_requests')).toBe(2 * ALL_ROUNDS);
  expect(numbers.get('business.active_api_keys')).toBe(12);
});

test('filters narrow both sources to the same, whatever the name holds', async () => {
  const numbers = await untilAgreed(`&provider=groq&model=${encodeURIComponent(WILD_MODEL)}`);
  expect(numbers.get('models.total_inference_requests')).toBe(ALL_ROUNDS);
  expect(numbers.get('http.total_requests')).toBeNull();
  expect(knownNames(numbers)).toContain('gatewayz_model_latency_p95_seconds');
  const nobody = await untilAgreed(`&model=${encodeURIComponent('x"} or on() vector(1) or a{b="')}`);
  expect(knownNames(nobody)).toEqual(new Set());
});

test('without a selector the numbers are the whole fleet’s', async () => {
  const fleet = await vi.waitFor(async () => {
    const numbers = await numbersOf(createTestViews(one, ''));
    expect(numbers.get('http.total_requests')).toBe(4 * ALL_ROUNDS);
    return numbers;
  }, AGREEMENT);
  expect(fleet.get('models.total_inference_requests')).toBe(6 * ALL_ROUNDS);
  expect(fleet.get('providers.total_providers')).toBe(3);
  expect(fleet.get('providers.unavailable_providers')).toBe(1);
  expect(fleet.get('business.active_api_keys')).toBe(12);
  expect(fleet.get('gatewayz_provider_breakers [["provider","gone"],["state","open"]]')).toBe(2);
});

test('an answer says how old the scrape is that it is made of', async () => {
  const { headers } = await createTestViews(one, '').respond({ path: 'all', query: new URLSearchParams() });
  expect(headers['x-gatewayz-source']).toBe('prometheus');
  expect(Number(headers['x-gatewayz-age-seconds'])).toBeLessThan(5);
});
