import { setImmediate } from 'node:timers/promises';
import type { Outcome } from '@gatewayz/provider-health';
import { ConnectivityWatch, DEFAULT_CONNECTIVITY } from '../../core/connectivity.ts';
import { DEFAULT_PROBE_PLAN, type FreeCheck, planProbe } from '../../core/probe-plan.ts';
import { DEFAULT_SCHEDULE, Schedule } from '../../core/schedule.ts';
import { isProviderKey, providerKey, targetId } from '../../core/target-key.ts';
import type { Incident, ProbeKind, ProbeResult, TargetKey } from '../../core/types.ts';
import type { UptimeCounts } from '../../core/uptime.ts';
import { HealthBook } from '../health-book.ts';
import { MINUTE_MS, type Plan, type PlannedOutage, type Span, tierOfModel } from './planned-outages.ts';

/** What is due within a tick is probed at its end. */
export const TICK_MS = 5000;
const REFRESH_TICKS = (60 * MINUTE_MS) / TICK_MS;
const PLAN_SETTINGS = { ...DEFAULT_PROBE_PLAN, maxAgeMs: DEFAULT_PROBE_PLAN.maxAgeMs + 10_000 };

const lasts = ({ fromMs, toMs }: Span, nowMs: number): boolean => fromMs <= nowMs && nowMs < toMs;

export const isGateway = (provider: string): boolean => ['p0', 'p1', 'p2'].includes(provider);

/** The longest time between two probes of a healthy target. */
export function intervalMsOf({ model }: TargetKey): number {
  return DEFAULT_SCHEDULE.intervals[model === '' ? 'critical' : tierOfModel(model)];
}

/** The monitor's schedule, probe plan, connectivity check and book on a simulated clock, its probes without a network. */
export class SimulatedMonitor {
  readonly incidents: Map<string, Incident> = new Map();
  readonly uptime: Map<string, { -readonly [Field in keyof UptimeCounts]: number }> = new Map();
  readonly keys: readonly TargetKey[];
  probes = 0;
  readonly #plan: Plan;
  readonly #schedule: Schedule;
  readonly #book: HealthBook;
  readonly #connectivity = new ConnectivityWatch(DEFAULT_CONNECTIVITY);
  readonly #checks = new Map<string, FreeCheck>();
  readonly #waiting = new Map<string, TargetKey[]>();
  readonly #outages: ReadonlyMap<string, readonly PlannedOutage[]>;

  constructor(plan: Plan, random: () => number) {
    this.#plan = plan;
    this.#outages = Map.groupBy(plan.outages, ({ key }) => key.provider);
    this.#schedule = new Schedule(DEFAULT_SCHEDULE, random);
    this.keys = Array.from({ length: plan.providers }, (_, provider) => `p${provider}`).flatMap(
      (provider) => [
        providerKey(provider),
        ...Array.from({ length: plan.models }, (_, model) => ({ provider, model: `m${model}` })),
      ],
    );
    this.#book = new HealthBook({
      maintenance: [],
      intervalMs: intervalMsOf,
      modelsTracked: () => plan.models,
      isGateway: isGateway,
      stored: [],
      onVerdict: () => {},
      onIncident: ({ incident }) => this.incidents.set(incident.id, incident),
    });
    for (const key of this.keys) {
      this.#book.track(key, plan.startMs);
      this.#schedule.add(key, isProviderKey(key) ? 'critical' : tierOfModel(key.model), plan.startMs);
    }
  }

  /** Lets the event loop turn every simulated hour: the test runner wants to hear of its worker. */
  async run(): Promise<void> {
    const { startMs, endMs } = this.#plan;
    for (let tick = 1, nowMs = startMs; nowMs < endMs; tick += 1, nowMs += TICK_MS) {
      for (const key of this.#schedule.due(nowMs, Number.POSITIVE_INFINITY)) this.#probe(key, nowMs);
      if (tick % REFRESH_TICKS !== 0) continue;
      this.#book.refresh(nowMs);
      this.#takeRows();
      await setImmediate();
    }
    this.#takeRows();
  }

  #probe(key: TargetKey, nowMs: number): void {
    if (isProviderKey(key)) {
      this.#settle(key, 'models', nowMs);
      return;
    }
    const freeCheck = this.#checks.get(key.provider) ?? null;
    const input = { key, nowEpochMs: nowMs, traffic: null, freeCheck, canAfford: true };
    const plan = planProbe(input, PLAN_SETTINGS);
    if (plan.kind === 'completion') {
      this.#settle(key, 'completion', nowMs);
      return;
    }
    this.#schedule.done(key, nowMs, this.#book.paceOf(key));
    if (plan.kind !== 'free_check') return;
    this.#waiting.set(key.provider, [...(this.#waiting.get(key.provider) ?? []), key]);
    this.#schedule.trigger(providerKey(key.provider), nowMs);
  }

  #settle(key: TargetKey, kind: ProbeKind, nowMs: number): void {
    this.probes += 1;
    const host = `${key.provider}.example`;
    const outcome = this.#outcomeOf(key, nowMs);
    const seen: ProbeResult = { key, kind, outcome, latencyMs: 50, atEpochMs: nowMs };
    this.#connectivity.observe(host, outcome, nowMs);
    if (this.#connectivity.state(nowMs) !== 'online')
      this.#connectivity.observeCheck(!this.#isOffline(nowMs), nowMs);
    const result = this.#connectivity.withoutBlame(seen, host, nowMs);
    if (this.#book.asksForProvider(result)) this.#schedule.trigger(providerKey(key.provider), nowMs);
    this.#book.observe(result);
    if (isProviderKey(key)) this.#noteCheck(result);
    this.#schedule.done(key, nowMs, this.#book.paceOf(key));
  }

  #noteCheck({ key, outcome, latencyMs, atEpochMs }: ProbeResult): void {
    this.#checks.set(key.provider, { outcome, latencyMs, atEpochMs, isListed: true });
    for (const waiting of this.#waiting.get(key.provider) ?? []) this.#schedule.trigger(waiting, atEpochMs);
    this.#waiting.delete(key.provider);
  }

  #outcomeOf({ provider, model }: TargetKey, nowMs: number): Outcome {
    if (this.#isOffline(nowMs)) return 'network';
    for (const { key, spans, outcome } of this.#outages.get(provider) ?? []) {
      if (key.model !== '' && key.model !== model) continue;
      for (const span of spans) if (lasts(span, nowMs)) return outcome;
    }
    return 'success';
  }

  #isOffline(nowMs: number): boolean {
    return this.#plan.offline.some((span) => lasts(span, nowMs));
  }

  #takeRows(): void {
    for (const row of this.#book.takeRows()) {
      const id = targetId({ provider: row.providerName, model: row.modelName });
      const sum = this.uptime.get(id) ?? { upMs: 0, downMs: 0, ok: 0, failed: 0 };
      sum.upMs += row.upMs;
      sum.downMs += row.downMs;
      sum.ok += row.ok;
      sum.failed += row.failed;
      this.uptime.set(id, sum);
    }
  }
}
