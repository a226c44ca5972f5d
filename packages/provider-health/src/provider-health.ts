import type { BreakerOptions } from './breaker-options.ts';
import { readBreakerOptions } from './breaker-options.ts';
import { type BreakerTransition, visibleStateOf } from './breaker-state.ts';
import { type CircuitBreaker, createCircuitBreaker } from './circuit-breaker.ts';
import { type CoolOff, type CoolOffReason, createCoolOff } from './cool-off.ts';
import { createFailureSpread, type FailureSpread, type ModelShare } from './failure-spread.ts';
import { createProbeStreak, type ProbeStreak } from './probe-streak.ts';
import { requireInteger, requireNumber } from './require-option.ts';
import { createRollingWindow, type RollingWindow } from './rolling-window.ts';
import { availabilityOf, healthScore, healthStatus } from './score.ts';
import {
  createTargetHealth,
  type HealthSnapshot,
  type ProviderSide,
  type TargetHealth,
} from './target-health.ts';

/** A change of the breaker of a provider, or of one model of it. */
export interface HealthTransition extends BreakerTransition {
  readonly provider: string;
  /** Null where it is the provider's own breaker. */
  readonly model: string | null;
}

/** What a provider's health is made with. */
export interface ProviderHealthOptions {
  readonly provider: string;
  /** Source of jitter, 0…1. */
  readonly random: () => number;
  /** Options of every breaker of this provider. */
  readonly breaker?: Partial<BreakerOptions>;
  /** Length of the windows in milliseconds. Default 300 000. */
  readonly windowMs?: number;
  /** Buckets of the provider's window. Default 30. */
  readonly buckets?: number;
  /** Buckets of each model's window, fewer for the sake of memory. Default 10. */
  readonly modelBuckets?: number;
  /** Models kept apart; those over it share one target named `other`. Default 2 000. */
  readonly maxModels?: number;
  /** The longest that a target is taken out of rotation in milliseconds. Default 600 000. */
  readonly maxCoolOffMs?: number;
  /** Told of each change of a breaker; what it throws is swallowed. */
  readonly onTransition?: (transition: HealthTransition) => void;
}

/**
 * The health of one provider and of its models. Times are monotonic milliseconds.
 *
 * Each attempt feeds the breaker of its model and that of the provider. The provider's opens only when the failures
 * are not confined to one model: when at least two of them are of models other than the one that fails most (and,
 * for a failure ratio, those others reach it by themselves), or when the provider has a single model.
 */
export interface ProviderHealth {
  readonly provider: string;
  /** The breaker of the whole provider, for an operator to force. */
  readonly breaker: CircuitBreaker;
  /** The target of a model, made at the first call; keep it, so that a request needs no lookup. */
  model(name: string): TargetHealth;
  /** Every target that was made and not forgotten. */
  models(): Iterable<TargetHealth>;
  /** Drops a model that the provider no longer lists; true where there was one. */
  forgetModel(name: string): boolean;
  /** Notes how a probe ended, for the availability; as a sample it goes through a target like any attempt. */
  recordProbe(ok: boolean, nowMs: number): void;
  /** Takes all targets out of rotation for a bounded time, as for a refused key. */
  coolOff(forMs: number, reason: CoolOffReason, nowMs: number): void;
  endCoolOff(): void;
  availability(nowMs: number): 0 | 1;
  /** failed ÷ (succeeded + failed) of the window, 0 where there were none. */
  errorRate(nowMs: number): number;
  /** 0…1. */
  score(nowMs: number): number;
  snapshot(nowMs: number): HealthSnapshot;
}

/** The name of the target that models over `maxModels` share. */
export const OTHER_MODEL = 'other';

/** Makes the health of a provider of which nothing is known; throws a RangeError for an option out of bounds. */
export function createProviderHealth(options: ProviderHealthOptions): ProviderHealth {
  return new Provider(options);
}

class Provider implements ProviderHealth, ProviderSide {
  readonly provider: string;
  readonly breaker: CircuitBreaker;
  readonly window: RollingWindow;
  readonly pause: CoolOff;
  readonly spread: FailureSpread;
  readonly #options: ProviderHealthOptions;
  readonly #breakerOptions: BreakerOptions;
  readonly #windowMs: number;
  readonly #modelBuckets: number;
  readonly #maxModels: number;
  readonly #maxCoolOffMs: number;
  readonly #probes: ProbeStreak;
  readonly #targets = new Map<string, { readonly target: TargetHealth; readonly share: ModelShare }>();

  constructor(options: ProviderHealthOptions) {
    this.provider = options.provider;
    this.#options = options;
    this.#windowMs = requireNumber('windowMs', options.windowMs ?? 300_000, 1);
    this.#modelBuckets = requireInteger('modelBuckets', options.modelBuckets ?? 10, 1, 3600);
    this.#maxModels = requireInteger('maxModels', options.maxModels ?? 2000, 1);
    this.#maxCoolOffMs = requireNumber('maxCoolOffMs', options.maxCoolOffMs ?? 600_000, 0);
    this.#breakerOptions = readBreakerOptions(options.breaker ?? {});
    this.#probes = createProbeStreak(this.#windowMs);
    this.window = createRollingWindow({ windowMs: this.#windowMs, buckets: options.buckets ?? 30 });
    this.pause = createCoolOff(this.#maxCoolOffMs);
    this.spread = createFailureSpread(this.#breakerOptions);
    this.breaker = createCircuitBreaker({
      ...this.#breakerOptions,
      random: options.random,
      mayOpen: (reason, nowMs) => this.spread.isWide(reason, nowMs),
      onTransition: (transition) => this.#announce(transition, null),
    });
  }

  model(name: string): TargetHealth {
    const key = this.#targets.has(name) || this.#targets.size < this.#maxModels ? name : OTHER_MODEL;
    return this.#targets.get(key)?.target ?? this.#addTarget(key);
  }

  *models(): Iterable<TargetHealth> {
    for (const { target } of this.#targets.values()) yield target;
  }

  forgetModel(name: string): boolean {
    const entry = this.#targets.get(name);
    if (entry === undefined) return false;
    this.spread.removeModel(entry.share);
    return this.#targets.delete(name);
  }

  recordProbe(ok: boolean, nowMs: number): void {
    this.#probes.record(ok, nowMs);
  }

  coolOff(forMs: number, reason: CoolOffReason, nowMs: number): void {
    this.pause.start(forMs, reason, nowMs);
  }

  endCoolOff(): void {
    this.pause.end();
  }

  availability(nowMs: number): 0 | 1 {
    return availabilityOf(this.breaker.visibleState(nowMs), this.#probes.isFailing(nowMs));
  }

  errorRate(nowMs: number): number {
    return this.window.errorRate(nowMs);
  }

  score(nowMs: number): number {
    return healthScore({
      availability: this.availability(nowMs),
      errorRate: this.window.errorRate(nowMs),
      p95Ms: this.window.quantileMs(0.95, nowMs),
    });
  }

  snapshot(nowMs: number): HealthSnapshot {
    const window = this.window.snapshot(nowMs);
    const breaker = this.breaker.state(nowMs);
    const availability = this.availability(nowMs);
    const score = healthScore({ availability, errorRate: window.errorRate, p95Ms: window.p95Ms });
    return {
      provider: this.provider,
      model: null,
      status: healthStatus(availability, score, window.samples > 0 || this.#probes.isKnown(nowMs)),
      availability,
      score,
      breaker,
      breakerState: visibleStateOf(breaker),
      coolOff: this.pause.running(nowMs),
      window,
    };
  }

  #addTarget(name: string): TargetHealth {
    const share = this.spread.addModel();
    const target = createTargetHealth(this, {
      model: name,
      share,
      window: createRollingWindow({ windowMs: this.#windowMs, buckets: this.#modelBuckets }),
      pause: createCoolOff(this.#maxCoolOffMs),
      breaker: createCircuitBreaker({
        ...this.#breakerOptions,
        random: this.#options.random,
        onTransition: (transition) => this.#announce(transition, name),
      }),
    });
    this.#targets.set(name, { target, share });
    return target;
  }

  #announce(transition: BreakerTransition, model: string | null): void {
    this.#options.onTransition?.({ ...transition, provider: this.provider, model });
  }
}
