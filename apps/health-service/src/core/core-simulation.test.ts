import { expect, test } from 'vitest';
import { DEFAULT_INCIDENT_SETTINGS } from './incident-settings.ts';
import { IncidentBook } from './incidents.ts';
import { blameFor, type FreeCheck, planProbe } from './probe-plan.ts';
import { RowRecorder } from './row-recorder.ts';
import { DEFAULT_SCHEDULE, Schedule } from './schedule.ts';
import { isProviderKey, providerKey, targetId } from './target-key.ts';
import type { Incident, MinuteRow, ProbeResult, TargetKey } from './types.ts';
import { sumUptime, uptimeRatio } from './uptime.ts';
import { VerdictBook } from './verdict.ts';
import { DEFAULT_VERDICT_SETTINGS } from './verdict-settings.ts';

const MINUTE_MS = 60_000;
const INTERVAL_MS = 5 * MINUTE_MS;
const DAYS = 8;
const PROVIDERS = 6;
const MODELS = 12;
const START = Date.UTC(2026, 0, 1);
const END = START + DAYS * 86_400_000;

type Outage = { readonly key: TargetKey; readonly fromMs: number; readonly toMs: number };

/** A fixed sequence of numbers in 0…1 (mulberry32), so that a failure can be repeated. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** One outage in most slots of six hours, of a whole provider or of one model, 20 to 100 minutes long. */
function makeOutages(random: () => number): Outage[] {
  const outages: Outage[] = [];
  for (let provider = 0; provider < PROVIDERS; provider++) {
    for (let slot = START + 3_600_000; slot < END - 6 * 3_600_000; slot += 6 * 3_600_000) {
      const model = random() < 0.4 ? '' : `m${Math.floor(random() * MODELS)}`;
      const fromMs = slot + random() * 2 * 3_600_000;
      outages.push({
        key: { provider: `p${provider}`, model },
        fromMs,
        toMs: fromMs + (20 + random() * 80) * MINUTE_MS,
      });
    }
  }
  return outages;
}

const isHit = (outage: Outage, key: TargetKey): boolean =>
  outage.key.provider === key.provider && (outage.key.model === '' || outage.key.model === key.model);

/** The whole core on a simulated clock: what is due is probed at once, and a dead provider leaves its models alone. */
class Simulation {
  readonly store = new Map<string, Incident>();
  rows: MinuteRow[] = [];
  readonly keys: TargetKey[] = [];
  readonly #outages: ReadonlyMap<string, readonly Outage[]>;
  readonly #schedule: Schedule;
  readonly #freeChecks = new Map<string, FreeCheck>();
  readonly #verdicts = new VerdictBook(DEFAULT_VERDICT_SETTINGS);
  readonly #recorder = new RowRecorder({ holdMs: () => 4 * INTERVAL_MS, failuresUntilDown: 3 });
  readonly #book = new IncidentBook({
    settings: DEFAULT_INCIDENT_SETTINGS,
    modelsTracked: () => MODELS,
    isGateway: () => false,
  });

  constructor(outages: readonly Outage[], random: () => number) {
    this.#outages = Map.groupBy(outages, (outage) => outage.key.provider);
    this.#schedule = new Schedule(DEFAULT_SCHEDULE, random);
    for (let provider = 0; provider < PROVIDERS; provider++) {
      this.keys.push(providerKey(`p${provider}`));
      for (let model = 0; model < MODELS; model++)
        this.keys.push({ provider: `p${provider}`, model: `m${model}` });
    }
    for (const key of this.keys) {
      this.#schedule.add(key, 'critical', START);
      this.#verdicts.track(key, START);
    }
  }

  run(): void {
    for (let nowMs = START; nowMs < END; nowMs = this.#schedule.nextDueMs() ?? END) {
      for (const key of this.#schedule.due(nowMs, 1000)) {
        if (isProviderKey(key)) this.#freeChecks.delete(key.provider);
        this.#probe(key, nowMs);
        this.#schedule.done(key, nowMs, this.#verdicts.paceOf(key));
      }
    }
    this.rows = this.#recorder.take();
  }

  isDown(key: TargetKey, nowMs: number): boolean {
    const outages = this.#outages.get(key.provider) ?? [];
    return outages.some((outage) => isHit(outage, key) && outage.fromMs <= nowMs && nowMs < outage.toMs);
  }

  #probe(key: TargetKey, nowMs: number): void {
    const freeCheck = this.#freeChecks.get(key.provider) ?? null;
    const plan = planProbe({ key, nowEpochMs: nowMs, traffic: null, freeCheck, canAfford: true });
    switch (plan.kind) {
      case 'free_check':
        this.#checkFree(key.provider, nowMs);
        if (!isProviderKey(key)) this.#probe(key, nowMs);
        return;
      case 'completion':
        this.#complete(key, nowMs);
        return;
      case 'known':
      case 'rest':
        return;
      default:
        plan satisfies never;
    }
  }

  #checkFree(provider: string, nowMs: number): FreeCheck {
    const outcome = this.isDown(providerKey(provider), nowMs) ? 'network' : 'success';
    const check: FreeCheck = { outcome, atEpochMs: nowMs, latencyMs: 50, isListed: true };
    this.#freeChecks.set(provider, check);
    // Whoever asked: the list's answer is the provider's.
    this.#take({ key: providerKey(provider), kind: 'models', outcome, latencyMs: 50, atEpochMs: nowMs });
    return check;
  }

  #complete(key: TargetKey, nowMs: number): void {
    const outcome = this.isDown(key, nowMs) ? 'network' : 'success';
    const result: ProbeResult = { key, kind: 'completion', outcome, latencyMs: 50, atEpochMs: nowMs };
    if (outcome !== 'success' && blameFor(result, this.#checkFree(key.provider, nowMs)) === 'provider') {
      this.#schedule.trigger(providerKey(key.provider), nowMs + MINUTE_MS);
      return;
    }
    this.#take(result);
  }

  #take(result: ProbeResult): void {
    this.#recorder.record(result);
    const changes = this.#verdicts.observe(result);
    const verdict = this.#verdicts.get(result.key);
    if (verdict === null) return;
    for (const { incident } of this.#book.observe(result, verdict, changes))
      this.store.set(incident.id, incident);
  }
}

test(`in ${DAYS} days of outages each one is found in time, none is false or double, and uptime is true`, () => {
  const random = seeded(7);
  const outages = makeOutages(random);
  const simulation = new Simulation(outages, random);
  simulation.run();
  const incidents = [...simulation.store.values()];
  expect(outages.length).toBeGreaterThan(150);
  expect(incidents).toHaveLength(outages.length);
  const late: number[] = [];
  for (const outage of outages) {
    const found = incidents.filter(
      (incident) =>
        incident.provider === outage.key.provider &&
        incident.openedAtMs >= outage.fromMs &&
        incident.openedAtMs <= outage.fromMs + 2 * INTERVAL_MS,
    );
    expect(found).toHaveLength(1);
    expect(found[0]?.scope).toBe(outage.key.model === '' ? 'provider' : 'model');
    expect(found[0]?.status).toBe('resolved');
    late.push((found[0]?.resolvedAtMs ?? Number.POSITIVE_INFINITY) - outage.toMs);
  }
  expect(Math.max(...late)).toBeLessThanOrEqual(2 * INTERVAL_MS);

  const byTarget = Map.groupBy(simulation.rows, (row) =>
    targetId({ provider: row.providerName, model: row.modelName }),
  );
  let error = 0;
  for (const key of simulation.keys) {
    const hits = outages.filter((outage) => isHit(outage, key));
    const downMs = hits.reduce((sum, outage) => sum + outage.toMs - outage.fromMs, 0);
    const uptime = uptimeRatio(sumUptime(byTarget.get(targetId(key)) ?? [])) ?? Number.NaN;
    const truth = 1 - downMs / (END - START);
    // Each edge of an outage lies within half the time between two probes.
    expect(Math.abs(uptime - truth)).toBeLessThanOrEqual(
      (hits.length * INTERVAL_MS + 2 * INTERVAL_MS) / (END - START),
    );
    error += uptime - truth;
  }
  expect(Math.abs(error / simulation.keys.length)).toBeLessThan(0.0001);
});
