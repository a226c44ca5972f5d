import type { Outcome } from '@gatewayz/provider-health';
import { providerKey } from '../../core/target-key.ts';
import type { Tier } from '../../core/tiers.ts';
import type { TargetKey } from '../../core/types.ts';

export const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const SLOT_MS = 20 * HOUR_MS;

/** A time from `fromMs` up to `toMs`. */
export type Span = { readonly fromMs: number; readonly toMs: number };

/** One cause of trouble: down in each of its spans, of which a flapping target has several. */
export type PlannedOutage = {
  readonly key: TargetKey;
  readonly outcome: Outcome;
  readonly spans: readonly Span[];
};

/** A simulated world: targets `p0`…, each with models `m0`…, and what happens to them. */
export type Plan = {
  readonly startMs: number;
  readonly endMs: number;
  readonly providers: number;
  readonly models: number;
  readonly outages: readonly PlannedOutage[];
  /** When the monitor's own network is dead. */
  readonly offline: readonly Span[];
};

/** A fixed sequence of numbers in 0…1 (mulberry32), so that a failure can be repeated. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The tiers of a provider's models: a few that many ask for, and a long tail. */
export function tierOfModel(model: string): Tier {
  const index = Number(model.slice(1));
  if (index < 2) return 'critical';
  if (index < 10) return 'popular';
  return index < 100 ? 'standard' : 'on_demand';
}

/** A model of each tier as often as of any other, though most models are in the slow ones. */
function someModel(random: () => number): string {
  const tiers = [2, 8, 90, 200];
  const tier = Math.floor(random() * tiers.length);
  const before = tiers.slice(0, tier).reduce((sum, size) => sum + size, 0);
  return `m${before + Math.floor(random() * (tiers[tier] ?? 1))}`;
}

/**
 * Outages over a time: one scenario for each provider in every slot of 20 hours, with pauses between that no incident
 * is reopened over, and none within hours of the times offline.
 */
export function planOutages(random: () => number, world: Omit<Plan, 'outages'>): PlannedOutage[] {
  const { startMs, endMs, providers, offline } = world;
  const planned: PlannedOutage[] = [];
  for (let slotMs = startMs + 6 * HOUR_MS; slotMs + SLOT_MS <= endMs; slotMs += SLOT_MS) {
    if (offline.some(({ fromMs, toMs }) => fromMs < slotMs + SLOT_MS && slotMs < toMs)) continue;
    for (let provider = 0; provider < providers; provider++) {
      planned.push(...planSlot(`p${provider}`, slotMs + random() * 3 * HOUR_MS, random));
    }
  }
  return planned;
}

function planSlot(provider: string, beginMs: number, random: () => number): PlannedOutage[] {
  const outcomes = ['network', 'timeout', 'provider_error'] as const;
  const outcome = outcomes[Math.floor(random() * 3)] ?? 'network';
  const whole = providerKey(provider);
  const model = (): TargetKey => ({ provider, model: someModel(random) });
  const lasting = (fromMs: number, atLeastMs: number, moreMs: number): Span => ({
    fromMs,
    toMs: fromMs + atLeastMs + random() * moreMs,
  });
  const one = (key: TargetKey, ...spans: readonly Span[]): PlannedOutage => ({ key, outcome, spans });
  const kind = random();
  if (kind < 0.5) return [one(model(), lasting(beginMs, 2 * MINUTE_MS, 10 * HOUR_MS))];
  if (kind < 0.62) return [one(whole, lasting(beginMs, 2 * MINUTE_MS, 2 * HOUR_MS))];
  if (kind < 0.7) {
    const key = random() < 0.5 ? whole : { provider, model: 'm0' };
    const times = [0, 1, 2, 3].map((turn) => beginMs + turn * 25 * MINUTE_MS);
    return [one(key, ...times.map((fromMs) => lasting(fromMs, 10 * MINUTE_MS, 4 * MINUTE_MS)))];
  }
  if (kind < 0.88) {
    const other = { provider, model: `m${10 + Math.floor(random() * 90)}` };
    return [
      one({ provider, model: 'm3' }, lasting(beginMs, HOUR_MS, 6 * HOUR_MS)),
      one(other, lasting(beginMs + HOUR_MS * random(), 3 * HOUR_MS, 4 * HOUR_MS)),
    ];
  }
  // A model that is down before its provider falls, and either comes back with it or stays down.
  const inner = lasting(beginMs + 2 * HOUR_MS, 20 * MINUTE_MS, HOUR_MS);
  const outlastsMs = random() < 0.5 ? -5 * MINUTE_MS : 2 * HOUR_MS;
  const key = { provider, model: `m${Math.floor(random() * 10)}` };
  return [one(key, { fromMs: beginMs, toMs: inner.toMs + outlastsMs }), one(whole, inner)];
}

/** The time in spans, those that overlap counted once. */
export function unionMs(spans: readonly Span[]): number {
  let untilMs = Number.NEGATIVE_INFINITY;
  let sumMs = 0;
  for (const { fromMs, toMs } of spans.toSorted((a, b) => a.fromMs - b.fromMs)) {
    sumMs += Math.max(0, toMs - Math.max(fromMs, untilMs));
    untilMs = Math.max(untilMs, toMs);
  }
  return sumMs;
}

/** The spans in which a target is down: its own, and its provider's. */
export function downSpans(outages: readonly PlannedOutage[], { provider, model }: TargetKey): Span[] {
  return outages
    .filter(({ key }) => key.provider === provider && (key.model === '' || key.model === model))
    .flatMap(({ spans }) => spans);
}
