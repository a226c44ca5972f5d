import { freePort, startGateway, startPrometheus, temporaryFolder } from '@gatewayz/testkit';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type CountingFront, startCountingFront } from './counting-front.ts';
import { GAUGES_BY_PATH, HEALTH_METRICS } from './exported-series.ts';
import { OFTEN, PATIENT, startHealthService, startProviders } from './health-stage.ts';
import { drawn, type StoredSeries, storedSamples } from './stored-samples.ts';

const POLL_MS = 1500;
const SCRAPE_MS = 1000;
const LONGEST_AGE_MS = 3 * POLL_MS;
/** An answer is out of the front before the poller has read it, and a scrape is dated before it is rendered. */
const SKEW_MS = 1000;
const PATHS = ['/health', '/status', '/metrics', '/cache/stats'];

const closers = new AsyncDisposableStack();
let front: CountingFront;
let prometheus: Awaited<ReturnType<typeof startPrometheus>>;
let gateway: Awaited<ReturnType<typeof startGateway>>;
let startedAtMs: number;
let backAt: number;

/** Kills a real health service under the eyes of a real Prometheus, waits for more than three misses, and starts it. */
async function runOutage(): Promise<void> {
  const folder = closers.use(await temporaryFolder('gatewayz-health-'));
  const stage = closers.use(await startProviders({ primary: {} }));
  const port = await freePort();
  const start = { config: { providers: stage.sections, healthService: OFTEN }, folder, port };
  const before = await startHealthService(start);
  front = closers.use(await startCountingFront(before.url));
  gateway = closers.use(
    await startGateway({
      config: { auth: { mode: 'open' }, providers: stage.sections, health: { pollIntervalMs: POLL_MS } },
      env: { HEALTH_SERVICE_URL: front.url },
    }),
  );
  startedAtMs = Date.now();
  prometheus = closers.use(
    await startPrometheus({ targets: [`127.0.0.1:${gateway.port}`], scrapeInterval: `${SCRAPE_MS}ms` }),
  );
  await prometheus.queryUntil('gatewayz_health_tracked_models == 2');
  before.process.kill('SIGKILL');
  await before.process.exit;
  await vi.waitFor(() => expect(front.failed()).toBeGreaterThanOrEqual(5 * PATHS.length), PATIENT);
  closers.use(await startHealthService(start));
  backAt = Date.now() / 1000;
  await prometheus.queryUntil('gatewayz_health_service_up == 1 and gatewayz_health_tracked_models == 2');
  // Two more scrapes, so that there is something to see of the time after it.
  await prometheus.queryUntil(`timestamp(gatewayz_health_service_up) > ${backAt + (3 * SCRAPE_MS) / 1000}`);
}

beforeAll(runOutage, 90_000);
afterAll(() => closers.disposeAsync());

/** Every stored sample of a metric, of whatever labels. */
async function samplesOf(name: string, labels = ''): Promise<StoredSeries['samples']> {
  return (await storedSamples(prometheus, `${name}${labels}`)).flatMap(({ samples }) => samples);
}

function withoutRepeats(values: readonly number[]): readonly number[] {
  return values.filter((value, index) => value !== values[index - 1]);
}

test('Health service and poller: down → killed and back, `up` goes 1, 0, 1 in a real Prometheus', async () => {
  const shown = await drawn(prometheus, 'gatewayz_health_service_up', startedAtMs, Date.now());
  expect(withoutRepeats(shown)).toEqual([1, 0, 1]);
  const [stored, ...others] = await storedSamples(prometheus, 'gatewayz_health_service_up');
  expect(others).toEqual([]);
  expect(withoutRepeats((stored?.samples ?? []).map(([, value]) => value))).toEqual([1, 0, 1]);
});

test('Health service and poller: down → the error counter rises by exactly the endpoint polls that failed', async () => {
  const name = 'gatewayz_health_service_scrape_errors_total';
  await vi.waitFor(async () => {
    const metrics = await gateway.metrics();
    expect(metrics.value(name)).toBe(front.failed());
    for (const endpoint of PATHS)
      expect(metrics.sum('gatewayz_health_poll_errors_total', { endpoint })).toBe(front.failed(endpoint));
  }, PATIENT);
  expect(front.failed('/cache/stats')).toBeGreaterThanOrEqual(5);
  await prometheus.queryUntil(`${name} == ${front.failed()}`);
  expect(await prometheus.query(`resets(${name}[10m]) > 0`)).toEqual([]);
  const polled = (await gateway.metrics()).sum('gatewayz_health_poll_duration_seconds_count');
  expect(Math.abs(polled - front.seen.length)).toBeLessThanOrEqual(PATHS.length);
});

test('Health service and poller: down → no stored gauge is older than three intervals, and its age tells why', async () => {
  for (const [path, names] of Object.entries(GAUGES_BY_PATH)) {
    const answeredAtMs = front.seen
      .filter((one) => one.path === path && one.isAnswered)
      .map((one) => one.endedAtMs);
    const ages = new Map(await samplesOf('gatewayz_health_data_age_seconds', `{endpoint="${path}"}`));
    for (const name of names) {
      const samples = await samplesOf(name);
      expect(samples.length).toBeGreaterThan(2);
      const old = samples.filter(([atMs]) => {
        const youngest = Math.max(...answeredAtMs.filter((answered) => answered <= atMs + SKEW_MS));
        return atMs - youngest > LONGEST_AGE_MS + SKEW_MS || (ages.get(atMs) ?? 0) > LONGEST_AGE_MS / 1000;
      });
      expect([name, old]).toEqual([name, []]);
    }
    const shownAtMs = new Set((await samplesOf(names[0] ?? '')).map(([atMs]) => atMs));
    const agesWhenGone = [...ages].filter(([atMs]) => !shownAtMs.has(atMs)).map(([, age]) => age);
    expect(Math.max(...agesWhenGone)).toBeGreaterThan(LONGEST_AGE_MS / 1000);
  }
});

test('Health service and poller: down → afterwards all 17 metrics are there again, and fresh', async () => {
  for (const name of HEALTH_METRICS)
    expect([name, (await prometheus.query(name)).length > 0]).toEqual([name, true]);
  const [last] = await prometheus.query('gatewayz_health_service_last_successful_scrape');
  expect(last?.value).toBeGreaterThan(backAt);
});
