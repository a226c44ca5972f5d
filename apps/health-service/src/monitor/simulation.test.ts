import { beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_SCHEDULE } from '../core/schedule.ts';
import { isProviderKey, targetId } from '../core/target-key.ts';
import type { Incident, TargetKey } from '../core/types.ts';
import { sumUptime, type UptimeCounts, uptimeRatio } from '../core/uptime.ts';
import {
  downSpans,
  MINUTE_MS,
  type PlannedOutage,
  planOutages,
  type Span,
  seeded,
  unionMs,
} from './test-support/planned-outages.ts';
import { intervalMsOf, isGateway, SimulatedMonitor, TICK_MS } from './test-support/simulated-monitor.ts';

const DAY_MS = 86_400_000;
const START = Date.UTC(2026, 0, 1);
const WINDOW_MS = 30 * DAY_MS;
const { confirmIntervalMs, failingIntervalMs } = DEFAULT_SCHEDULE;

const random = seeded(7);
const world = {
  startMs: START,
  endMs: START + WINDOW_MS,
  providers: 30,
  models: 300,
  offline: [5, 12, 20].map((day) => {
    const fromMs = START + day * DAY_MS + 5 * 3_600_000;
    return { fromMs, toMs: fromMs + 20 * MINUTE_MS };
  }),
};
const outages = planOutages(random, world);
const monitor = new SimulatedMonitor({ ...world, outages }, random);

const lengthMs = ({ fromMs, toMs }: Span): number => toMs - fromMs;
const countsOf = (key: TargetKey): UptimeCounts => monitor.uptime.get(targetId(key)) ?? sumUptime([]);
const truthOf = (key: TargetKey): number => 1 - unionMs(downSpans(outages, key)) / WINDOW_MS;
/** In percentage points. */
const errorOf = (key: TargetKey): number => 100 * ((uptimeRatio(countsOf(key)) ?? Number.NaN) - truthOf(key));
const mean = (numbers: readonly number[]): number =>
  numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

/** The incidents that an outage may have: of its target, opened while it lasted. */
function incidentsOf({ key, spans }: PlannedOutage): Incident[] {
  const scope = key.model !== '' ? 'model' : isGateway(key.provider) ? 'gateway' : 'provider';
  const fromMs = spans[0]?.fromMs ?? Number.NaN;
  const toMs = spans.at(-1)?.toMs ?? Number.NaN;
  return [...monitor.incidents.values()].filter(
    (incident) =>
      incident.provider === key.provider &&
      incident.scope === scope &&
      (key.model === '' || incident.models.includes(key.model)) &&
      incident.openedAtMs >= fromMs &&
      incident.openedAtMs <= toMs + TICK_MS,
  );
}

/** Longer than it takes to see a target and to confirm its failure twice, each time of a flapping one. */
function isLongerThanDetection({ key, spans }: PlannedOutage): boolean {
  const detectionMs = intervalMsOf(key) + 2 * (confirmIntervalMs + TICK_MS) + TICK_MS;
  return spans.every((span) => lengthMs(span) > detectionMs);
}

// It takes less than a minute of one core; the whole suite shares two.
beforeAll(() => monitor.run(), 600_000);

describe('30 days of outages at 30 providers of 300 models', () => {
  test('there are at least 1,000 of them, of models, of providers, flapping and overlapping', () => {
    expect(outages.length).toBeGreaterThanOrEqual(1000);
    const long = outages.filter(isLongerThanDetection);
    expect(long.length).toBeGreaterThanOrEqual(1000);
    expect(long.filter(({ key }) => isProviderKey(key)).length).toBeGreaterThan(200);
    expect(long.filter(({ spans }) => spans.length > 1).length).toBeGreaterThan(50);
    expect(outages.length - long.length).toBeGreaterThan(50);
  });

  test('each that lasts longer than its detection is found within two probe intervals, and its end is', () => {
    for (const outage of outages.filter(isLongerThanDetection)) {
      const { key, spans } = outage;
      const [incident, ...others] = incidentsOf(outage);
      expect([outage, incident, others]).toEqual([outage, expect.anything(), []]);
      const lateMs = (incident?.openedAtMs ?? Number.NaN) - (spans[0]?.fromMs ?? Number.NaN);
      expect(lateMs).toBeLessThanOrEqual(2 * intervalMsOf(key));
      // A model that comes back while its provider is down is seen to be back when that is.
      const endMs = Math.max(
        ...downSpans(outages, key)
          .filter((span) => span.fromMs < (spans.at(-1)?.toMs ?? 0) + 10 * MINUTE_MS)
          .map(({ toMs }) => toMs),
      );
      expect(incident?.status).toBe('resolved');
      expect((incident?.resolvedAtMs ?? Number.NaN) - endMs).toBeLessThanOrEqual(2 * failingIntervalMs);
    }
  });

  test('none is doubled, no incident is false, and no two were ever merged', () => {
    const explained = outages.map(incidentsOf);
    expect(explained.filter(({ length }) => length > 1)).toEqual([]);
    const ids = explained.flat().map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const unexplained = [...monitor.incidents.values()].filter(({ id }) => !ids.includes(id));
    expect(unexplained).toEqual([]);
    expect([...monitor.incidents.values()].filter(({ absorbedInto }) => absorbedInto !== null)).toEqual([]);
  });

  test('the uptime of each provider and gateway, and of the models of all, is within 0.01 points of the truth', () => {
    const wholes = monitor.keys.filter(isProviderKey);
    const models = monitor.keys.filter((key) => !isProviderKey(key));
    expect(Math.max(...wholes.map((key) => Math.abs(errorOf(key))))).toBeLessThan(0.01);
    expect(Math.abs(mean(wholes.map(errorOf)))).toBeLessThan(0.01);
    expect(Math.abs(mean(models.map(errorOf)))).toBeLessThan(0.01);
    for (const interval of new Set(models.map(intervalMsOf))) {
      const inTier = models.filter((key) => intervalMsOf(key) === interval);
      expect(Math.abs(mean(inTier.map(errorOf)))).toBeLessThan(0.01);
    }
  });

  test('the uptime of each model is off by no more than half a probe interval for each outage of its own', () => {
    for (const key of monitor.keys.filter((each) => !isProviderKey(each))) {
      const intervalMs = intervalMsOf(key);
      const own = outages.filter((outage) => targetId(outage.key) === targetId(key));
      const shared = outages.filter(
        (outage) => isProviderKey(outage.key) && outage.key.provider === key.provider,
      );
      const spans = own.flatMap((outage) => outage.spans);
      // What is shorter than the interval may be missed altogether.
      const starts = spans.map((span) => Math.max(intervalMs / 2, Math.min(lengthMs(span), intervalMs)));
      const ends = spans.length * (failingIntervalMs / 2 + TICK_MS);
      // A provider's own check, and its models' answers, tell its outage to minutes, unless it is too short for three.
      const alike = shared
        .flatMap((outage) => outage.spans)
        .map((span) => (lengthMs(span) < 2 * failingIntervalMs ? intervalMs / 2 : 3 * MINUTE_MS));
      // The time since the last probe is not known yet.
      const unknownMs = (1 - truthOf(key)) * intervalMs;
      const boundMs = [...starts, ...alike, ends, unknownMs].reduce((sum, ms) => sum + ms, 0);
      expect(Math.abs(errorOf(key))).toBeLessThanOrEqual((100 * boundMs) / WINDOW_MS);
    }
  });
});
