import type { Metrics, RunningGateway } from '@gatewayz/testkit';
import { expect, test, vi } from 'vitest';
import { chatBody } from '../ask.ts';
import { allRun, askOnce, PATIENT, signalWorker, startWorkerStage, workersThat } from './worker-stage.ts';

// Three processes start before anything is asked.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

/** Clients that ask one thing after the other until they are told to end. */
function startLoad(gateway: RunningGateway, clients: number): { statuses: number[]; end(): Promise<void> } {
  const statuses: number[] = [];
  let isOver = false;
  const client = async (): Promise<void> => {
    while (!isOver) statuses.push(await askOnce(gateway, '/v1/chat/completions', chatBody('x')));
  };
  const running = Array.from({ length: clients }, client);
  return {
    statuses,
    async end() {
      isOver = true;
      await Promise.all(running);
    },
  };
}

/** Every series that may only rise, by name and labels. */
function risingSeries({ families }: Metrics): ReadonlyMap<string, number> {
  const rising = families.filter(({ type }) => type === 'counter' || type === 'histogram');
  return new Map(
    rising.flatMap(({ samples }) =>
      samples.map(({ name, labels, value }) => [JSON.stringify([name, labels]), value] as const),
    ),
  );
}

/** What fell or went away from one scrape to the next. */
function findFalls(scrapes: readonly Metrics[]): readonly string[] {
  const falls: string[] = [];
  let before: ReadonlyMap<string, number> = new Map();
  for (const scrape of scrapes) {
    const now = risingSeries(scrape);
    for (const [series, value] of before) {
      const later = now.get(series);
      if (later === undefined || later < value) falls.push(`${series}: ${value}, then ${later}`);
    }
    before = now;
  }
  return falls;
}

test('Telemetry: a worker dies or hangs → killed under load, no counter goes down, and another takes its place', async () => {
  await using stage = await startWorkerStage({
    providers: { primary: {} },
  });
  const { gateway, providers } = stage;
  const load = startLoad(gateway, 6);
  const scrapes: Metrics[] = [];
  const scrapeTimes = async (count: number): Promise<void> => {
    for (let done = 0; done < count; done += 1) scrapes.push(await gateway.metrics());
  };
  await vi.waitFor(() => expect(load.statuses.length).toBeGreaterThan(50), PATIENT);
  await scrapeTimes(5);
  const killed = signalWorker(gateway, 0, 'SIGKILL');
  await scrapeTimes(5);
  await vi.waitFor(async () => {
    await scrapeTimes(1);
    expect(scrapes.at(-1)?.value('gatewayz_workers', { state: 'running' })).toBe(2);
  }, PATIENT);
  await scrapeTimes(5);
  const answered = load.statuses.length;
  await vi.waitFor(() => expect(load.statuses.length).toBeGreaterThan(answered + 50), PATIENT);
  await load.end();
  scrapes.push(await gateway.metrics());

  expect(findFalls(scrapes)).toEqual([]);
  expect(scrapes.at(-1)?.value('gatewayz_worker_exits_total')).toBe(1);
  const successes = load.statuses.filter((status) => status === 200).length;
  expect([...new Set(load.statuses)].filter((status) => status !== 200 && status !== 0)).toEqual([]);
  const labels = { provider: 'primary', model: 'large', outcome: 'success' };
  const counted = scrapes.at(-1)?.value('gatewayz_attempts_total', labels) ?? 0;
  expect(counted).toBeLessThanOrEqual(providers.primary.stats().requests);
  // What was lost is what the killed one counted after it was last asked.
  expect(counted).toBeGreaterThan(successes / 2);
  expect(() => process.kill(killed, 0)).toThrow('ESRCH');
});

test('Telemetry: a worker dies or hangs → one that stands still holds up no scrape, and its counts stay', async () => {
  await using stage = await startWorkerStage({ providers: { primary: {} } });
  const { gateway } = stage;
  for (let asked = 0; asked < 60; asked += 1) await askOnce(gateway, '/v1/chat/completions', chatBody('x'));
  const labels = { provider: 'primary', model: 'large', outcome: 'success' };
  expect((await gateway.metrics()).value('gatewayz_attempts_total', labels)).toBe(60);

  const stopped = signalWorker(gateway, 1, 'SIGSTOP');
  try {
    for (let more = 1; more <= 5; more += 1) {
      expect(await askOnce(gateway, '/v1/chat/completions', chatBody('x'))).toBe(200);
      const response = await fetch(`${gateway.url}/metrics`, { signal: AbortSignal.timeout(5000) });
      expect(response.status).toBe(200);
      expect(await response.text()).toContain(`,outcome="success"} ${60 + more}.0`);
    }
    await vi.waitFor(async () => expect(await workersThat('silent', gateway)).toBe(1), PATIENT);
  } finally {
    process.kill(stopped, 'SIGCONT');
  }
  await allRun(gateway);
  expect((await gateway.metrics()).value('gatewayz_attempts_total', labels)).toBe(65);
});
