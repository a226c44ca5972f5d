import { OUTCOMES, type Outcome } from '@gatewayz/provider-health';
import type { TrafficSample } from '../core/probe-plan.ts';
import { targetId } from '../core/target-key.ts';
import type { TargetKey } from '../core/types.ts';
import { parseSamples, type TextSample } from './parse-samples.ts';

const ATTEMPTS = 'gatewayz_attempts_total';
const DURATIONS = 'model_inference_duration_seconds_bucket';
const NAMES: ReadonlySet<string> = new Set([ATTEMPTS, DURATIONS]);
const KNOWN_OUTCOMES: ReadonlySet<string> = new Set(OUTCOMES);
/** How much of a model's requests still counts a reading later: half is gone after 23 of them. */
const DECAY = 0.97;
/** Readings before tiers are drawn from them: one minute says little. */
const READINGS_FOR_TIERS = 5;
/** More series than this are no gateway's. */
const MAX_SERIES = 500_000;

type Delta = {
  readonly attempts: Map<string, Map<Outcome, number>>;
  /** Upper bound in seconds → requests at or below it. */
  readonly buckets: Map<string, Map<number, number>>;
};

type Reading = Delta & { readonly atMs: number };

/** What the backend's counters have gained in the last minutes. */
export class TrafficWindow {
  readonly #windowMs: number;
  #before: Map<string, number> | null = null;
  #beforeAtMs = 0;
  #readings: Reading[] = [];
  readonly #requests = new Map<string, number>();
  #readingsSeen = 0;
  #atEpochMs = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** Takes in a scrape. A counter that is lower than before has begun anew; one that is new began at nothing. */
  add(text: string, nowMs: number, nowEpochMs: number): void {
    const before = nowMs - this.#beforeAtMs > this.#windowMs ? null : this.#before;
    const now = new Map<string, number>();
    const delta: Delta = { attempts: new Map(), buckets: new Map() };
    for (const sample of parseSamples(text, NAMES)) {
      const { provider, model, outcome, le } = sample.labels;
      if (provider === undefined || model === undefined) continue;
      const id = `${sample.name} ${JSON.stringify([provider, model, outcome ?? le])}`;
      if (now.size >= MAX_SERIES || now.has(id)) continue;
      now.set(id, sample.value);
      if (before !== null) this.#addGain(delta, sample, gain(before.get(id), sample.value));
    }
    this.#before = now;
    this.#beforeAtMs = nowMs;
    if (before === null) return;
    this.#atEpochMs = nowEpochMs;
    this.#readings = [...this.#readings, { ...delta, atMs: nowMs }];
    this.#dropOld(nowMs);
    this.#countRequests(delta);
  }

  /** Forgets the window: nothing is known of the time since. The counters themselves are kept for the next scrape. */
  miss(): void {
    this.#readings = [];
  }

  /** What a target's live requests came to in the window; null while that is not known. */
  sampleOf(key: TargetKey): TrafficSample | null {
    if (this.#readings.length === 0) return null;
    const id = targetId(key);
    let succeeded = 0;
    const failed: Partial<Record<Exclude<Outcome, 'success'>, number>> = {};
    for (const { attempts } of this.#readings) {
      for (const [outcome, count] of attempts.get(id) ?? []) {
        if (outcome === 'success') succeeded += count;
        else failed[outcome] = (failed[outcome] ?? 0) + count;
      }
    }
    return { succeeded, failed, latencyP95Ms: this.#p95Ms(id), atEpochMs: this.#atEpochMs };
  }

  /** Requests by model, older ones counting less; null until there are enough readings. */
  requestsByModel(): ReadonlyMap<string, number> | null {
    return this.#readingsSeen < READINGS_FOR_TIERS ? null : this.#requests;
  }

  #addGain(delta: Delta, { name, labels }: TextSample, gained: number): void {
    if (!(gained > 0)) return;
    const id = targetId({ provider: labels.provider ?? '', model: labels.model ?? '' });
    if (name === DURATIONS) {
      const bound = labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels.le);
      if (!Number.isNaN(bound)) addTo(delta.buckets, id, bound, gained);
      return;
    }
    const outcome = labels.outcome ?? '';
    if (KNOWN_OUTCOMES.has(outcome)) addTo(delta.attempts, id, outcome as Outcome, gained);
  }

  #dropOld(nowMs: number): void {
    this.#readings = this.#readings.filter(({ atMs }) => nowMs - atMs < this.#windowMs);
  }

  #countRequests({ attempts }: Delta): void {
    this.#readingsSeen += 1;
    for (const [model, count] of this.#requests) {
      if (count * DECAY < 0.01) this.#requests.delete(model);
      else this.#requests.set(model, count * DECAY);
    }
    for (const [id, outcomes] of attempts) {
      const [, model = ''] = JSON.parse(id) as [string, string];
      let sum = this.#requests.get(model) ?? 0;
      for (const count of outcomes.values()) sum += count;
      this.#requests.set(model, sum);
    }
  }

  /** The upper bound of the bucket that holds the 95th percentile; 0 where nothing was measured. */
  #p95Ms(id: string): number {
    const buckets = new Map<number, number>();
    for (const reading of this.#readings)
      for (const [bound, count] of reading.buckets.get(id) ?? [])
        buckets.set(bound, (buckets.get(bound) ?? 0) + count);
    const bounds = [...buckets.keys()].sort((a, b) => a - b);
    const total = buckets.get(Number.POSITIVE_INFINITY) ?? 0;
    const at = bounds.findIndex((bound) => (buckets.get(bound) ?? 0) >= total * 0.95);
    const bound = bounds[at] ?? 0;
    return (Number.isFinite(bound) ? bound : (bounds.at(-2) ?? 0)) * 1000;
  }
}

function gain(before: number | undefined, now: number): number {
  return before === undefined || now < before ? now : now - before;
}

function addTo<Key>(maps: Map<string, Map<Key, number>>, id: string, key: Key, value: number): void {
  let counts = maps.get(id);
  if (counts === undefined) {
    counts = new Map();
    maps.set(id, counts);
  }
  counts.set(key, (counts.get(key) ?? 0) + value);
}
