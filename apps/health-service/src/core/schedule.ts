import { DueHeap } from './due-heap.ts';
import { requireInteger, requireNumber } from './require-option.ts';
import { targetId } from './target-key.ts';
import { checkTierIntervals, DEFAULT_TIER_INTERVALS, type Tier, type TierIntervals } from './tiers.ts';
import type { TargetKey } from './types.ts';

/**
 * How soon a target is to be seen again: `settled` after its tier's interval; `failing` (down or refused) after the
 * failing interval at the latest; `unsettled` (a streak has begun that would change the verdict) at once after the
 * confirmation interval.
 */
export type Pace = 'settled' | 'failing' | 'unsettled';

export type ScheduleSettings = {
  readonly intervals: TierIntervals;
  readonly failingIntervalMs: number;
  readonly confirmIntervalMs: number;
  /** 0…0.5: every wait is shortened by up to this share, so that no interval is ever exceeded. */
  readonly jitter: number;
  /** A new target's first probe is spread over this time, or over its interval where that is shorter. */
  readonly startSpreadMs: number;
  /** A target that was handed out and never came back is due again after this time. */
  readonly leaseMs: number;
};

export const DEFAULT_SCHEDULE: ScheduleSettings = {
  intervals: DEFAULT_TIER_INTERVALS,
  failingIntervalMs: 5 * 60_000,
  confirmIntervalMs: 60_000,
  jitter: 0.1,
  startSpreadMs: 5 * 60_000,
  leaseMs: 2 * 60_000,
};

type Entry = {
  readonly key: TargetKey;
  readonly queue: ProviderQueue;
  tier: Tier;
  pace: Pace;
  dueAtMs: number;
  place: number;
  leased: boolean;
};

type ProviderQueue = { readonly provider: string; readonly heap: DueHeap<Entry> };

/**
 * When each target is probed next: O(log n) a step, fair over providers, and no target waits for ever.
 *
 * Times are milliseconds of one clock that never runs backwards; the wall clock is not one.
 */
export class Schedule {
  readonly #settings: ScheduleSettings;
  readonly #random: () => number;
  readonly #entries = new Map<string, Entry>();
  readonly #queues = new Map<string, ProviderQueue>();
  #turn: ProviderQueue[] = [];

  /**
   * @param random gives numbers in 0…1, 1 excluded
   * @throws RangeError that names the bad setting
   */
  constructor(settings: ScheduleSettings, random: () => number) {
    checkTierIntervals(settings.intervals);
    requireInteger('failingIntervalMs', settings.failingIntervalMs, 1000);
    requireInteger('confirmIntervalMs', settings.confirmIntervalMs, 1000);
    requireNumber('jitter', settings.jitter, 0, 0.5);
    requireInteger('startSpreadMs', settings.startSpreadMs, 0);
    requireInteger('leaseMs', settings.leaseMs, 1000);
    this.#settings = settings;
    this.#random = random;
  }

  get size(): number {
    return this.#entries.size;
  }

  has(key: TargetKey): boolean {
    return this.#entries.has(targetId(key));
  }

  /** Adds a target, or gives a known one its tier; a shorter interval brings the next probe forward. */
  add(key: TargetKey, tier: Tier, nowMs: number): void {
    const id = targetId(key);
    const known = this.#entries.get(id);
    if (known !== undefined) {
      this.#setTier(known, tier, nowMs);
      return;
    }
    const queue = this.#queueOf(key.provider);
    const spreadMs = Math.min(this.#settings.startSpreadMs, this.#settings.intervals[tier]);
    const dueAtMs = nowMs + this.#random() * spreadMs;
    const entry: Entry = { key, queue, tier, pace: 'settled', dueAtMs, place: -1, leased: false };
    this.#entries.set(id, entry);
    queue.heap.place(entry);
  }

  remove(key: TargetKey): void {
    const id = targetId(key);
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    entry.queue.heap.remove(entry);
    if (entry.queue.heap.size > 0) return;
    this.#queues.delete(key.provider);
    this.#turn = this.#turn.filter((queue) => queue !== entry.queue);
  }

  /**
   * Hands out up to `limit` targets that are due: one per provider in turn, each provider's longest overdue first.
   * The next call goes on with the provider after the last one. Each target must come back through {@link done}.
   *
   * @param canTake asked before each target; false passes over the provider for the rest of this call
   */
  due(nowMs: number, limit: number, canTake: (provider: string) => boolean = () => true): TargetKey[] {
    const taken: TargetKey[] = [];
    const line = [...this.#turn];
    const passedOver: ProviderQueue[] = [];
    let next = 0;
    for (let queue = line[next]; queue !== undefined && taken.length < limit; queue = line[next]) {
      next += 1;
      const entry = queue.heap.first();
      if (entry === undefined || entry.dueAtMs > nowMs || !canTake(queue.provider)) {
        passedOver.push(queue);
        continue;
      }
      entry.leased = true;
      this.#moveTo(entry, nowMs + this.#settings.leaseMs);
      taken.push(entry.key);
      line.push(queue);
    }
    const providers = this.#turn.length;
    this.#turn = [...line.slice(next, providers), ...passedOver, ...line.slice(Math.max(next, providers))];
    return taken;
  }

  /** Sets a target's next probe after one has ended. A target that has been removed meanwhile stays removed. */
  done(key: TargetKey, nowMs: number, pace: Pace): void {
    const entry = this.#entries.get(targetId(key));
    if (entry === undefined) return;
    entry.leased = false;
    entry.pace = pace;
    this.#moveTo(entry, nowMs + this.#waitMs(entry));
  }

  /** Makes a target due at this time at the latest, unless it is handed out now. False where it is not known. */
  trigger(key: TargetKey, byMs: number): boolean {
    const entry = this.#entries.get(targetId(key));
    if (entry === undefined) return false;
    if (!entry.leased && entry.dueAtMs > byMs) this.#moveTo(entry, byMs);
    return true;
  }

  /** When the target is due, or its lease ends; null where it is not known. */
  dueAtMs(key: TargetKey): number | null {
    return this.#entries.get(targetId(key))?.dueAtMs ?? null;
  }

  /** When the next target of all is due; null where there is none. */
  nextDueMs(): number | null {
    let next: number | null = null;
    for (const { heap } of this.#queues.values()) {
      const first = heap.first();
      if (first !== undefined && (next === null || first.dueAtMs < next)) next = first.dueAtMs;
    }
    return next;
  }

  #queueOf(provider: string): ProviderQueue {
    const known = this.#queues.get(provider);
    if (known !== undefined) return known;
    const queue: ProviderQueue = { provider, heap: new DueHeap<Entry>() };
    this.#queues.set(provider, queue);
    this.#turn.push(queue);
    return queue;
  }

  #setTier(entry: Entry, tier: Tier, nowMs: number): void {
    if (entry.tier === tier) return;
    entry.tier = tier;
    if (entry.leased) return;
    const dueAtMs = nowMs + this.#waitMs(entry);
    if (dueAtMs < entry.dueAtMs) this.#moveTo(entry, dueAtMs);
  }

  #waitMs(entry: Entry): number {
    const { intervals, failingIntervalMs, confirmIntervalMs, jitter } = this.#settings;
    const usualMs = intervals[entry.tier];
    const byPace: Readonly<Record<Pace, number>> = {
      settled: usualMs,
      failing: Math.min(usualMs, failingIntervalMs),
      unsettled: Math.min(usualMs, failingIntervalMs, confirmIntervalMs),
    };
    return byPace[entry.pace] * (1 - jitter * this.#random());
  }

  #moveTo(entry: Entry, dueAtMs: number): void {
    entry.dueAtMs = dueAtMs;
    entry.queue.heap.place(entry);
  }
}
