import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Notice } from './alert-receiver.ts';
import { type Alerting, startAlerting } from './alerting.ts';
import { type Fired, readTable, toAlertsTable } from './alerts-table.ts';
import { startBurn, startErrors, startLatency } from './client-scenarios.ts';
import { FIRED_END_TO_END } from './fired-end-to-end.ts';
import { METRICS_TOKEN } from './gateway-process.ts';
import { startLedger } from './ledger-scenario.ts';
import { startAlone, startFleet, startTempo } from './process-scenarios.ts';
import { startDegraded, startModels, startProviders } from './provider-scenarios.ts';
import { type FaultResult, runScenario } from './run-scenario.ts';
import type { Fault, Scenario, StartScenario } from './scenario.ts';
import { startHealth, startSignals } from './signal-scenarios.ts';

const STARTS: readonly StartScenario[] = [
  startTempo,
  startAlone,
  startFleet,
  startProviders,
  startDegraded,
  startModels,
  startErrors,
  startBurn,
  startLatency,
  startHealth,
  startSignals,
  startLedger,
];

const closers = new AsyncDisposableStack();
let alerting: Alerting;
let scenarios: readonly Scenario[];
let results: readonly FaultResult[];

beforeAll(async () => {
  // All of them have started, or have failed to, before anything is closed.
  const starts = await Promise.allSettled(STARTS.map((start) => start(closers)));
  scenarios = starts.map((each) => {
    if (each.status === 'rejected') throw each.reason;
    return each.value;
  });
  alerting = closers.use(
    await startAlerting({
      gateways: scenarios.flatMap(({ gateways }) => gateways),
      healthServices: scenarios.flatMap(({ healthServices = [] }) => healthServices),
      tempo: scenarios.find(({ tempo }) => tempo !== undefined)?.tempo ?? '',
      metricsToken: METRICS_TOKEN,
    }),
  );
  results = (await Promise.all(scenarios.map((each) => runScenario(each, alerting)))).flat();
}, 300_000);

afterAll(() => closers.disposeAsync(), 60_000);

function toFired({ alert, what, withinMinutes, unshortenedSeconds }: Fault): Fired {
  const seconds = unshortenedSeconds === undefined ? '' : ` and ${unshortenedSeconds} s`;
  return { alert, what, within: `${withinMinutes} min${seconds}` };
}

const byAlert = (a: Fired, b: Fired): number => a.alert.localeCompare(b.alert);

test.each(FIRED_END_TO_END)('$alert fires within $within when $what, and clears afterwards', ({ alert }) => {
  const result = results.find(({ fault }) => fault.alert === alert);
  expect([result?.problem, result?.hasCleared]).toEqual([null, true]);
  expect(result?.notice?.annotations.runbook_url).toMatch(/^docs\/runbooks\/[a-z-]+\.md$/);
  const { labels, receiver } = result?.notice ?? {};
  expect(receiver).toBe(labels?.severity === 'critical' ? 'page' : 'ticket');
});

test('the page shows what this run has proved', () => {
  const proved = results.filter(({ hasCleared }) => hasCleared).map(({ fault }) => toFired(fault));
  const table = toAlertsTable(proved);
  console.log(table);
  expect(readTable()).toBe(table);
  expect(proved.toSorted(byAlert)).toEqual(FIRED_END_TO_END.toSorted(byAlert));
});

/** Who was told of what, and when. */
function toStory(env: string, told: readonly Notice[]): string {
  const lines = told.map(
    ({ atMs, status, labels }) => `${Math.round(atMs)} ms ${status} ${JSON.stringify(labels)}`,
  );
  return [`told of ${env}:`, ...lines].join('\n');
}

test('in no environment was anybody told of anything else', () => {
  const envs = new Set(alerting.receiver.notices.map(({ labels }) => labels.env ?? ''));
  expect([...envs].toSorted()).toEqual(scenarios.map(({ env }) => env).toSorted());
  for (const { env, faults } of scenarios) {
    const told = alerting.receiver.notices.filter(({ labels }) => (labels.env ?? '') === env);
    const names = new Set(told.map(({ labels }) => labels.alertname));
    const expected = faults.flat().map(({ alert }) => alert);
    expect([...names].toSorted(), toStory(env, told)).toEqual(expected.toSorted());
  }
});

test('at the end nothing fires, but for budgets whose windows are longer than the run', async () => {
  const firing = 'count(ALERTS{alertstate="firing",window!~"6h|1d|3d"}) or vector(0)';
  await alerting.prometheus.waitUntil(firing, (count) => count === 0);
}, 90_000);
