import { type BreakerState, type VisibleBreakerState, visibleStateOf } from './breaker-state.ts';
import type { CircuitBreaker } from './circuit-breaker.ts';
import type { CoolOff, CoolOffReason, RunningCoolOff } from './cool-off.ts';
import type { FailureSpread, ModelShare } from './failure-spread.ts';
import type { Permit } from './half-open-probes.ts';
import { type Outcome, type Verdict, verdictOf } from './outcome.ts';
import type { RollingWindow, WindowSnapshot } from './rolling-window.ts';
import { availabilityOf, type HealthStatus, healthScore, healthStatus } from './score.ts';

/** Why an attempt is not admitted. */
export type Refusal = 'provider_breaker' | 'model_breaker' | 'cooling_off';

/** Leave for one attempt (`probe`: while half-open), or why there is none; handed back with the attempt's outcome. */
export type Admission =
  | { readonly kind: 'yes' | 'probe'; readonly providerPermit: Permit; readonly modelPermit: Permit | null }
  | { readonly kind: 'no'; readonly because: Refusal };

/** How one target, or a whole provider, does at one moment. */
export interface HealthSnapshot {
  readonly provider: string;
  /** Null for the provider as a whole. */
  readonly model: string | null;
  readonly status: HealthStatus;
  readonly availability: 0 | 1;
  /** 0…1. */
  readonly score: number;
  readonly breaker: BreakerState;
  readonly breakerState: VisibleBreakerState;
  readonly coolOff: RunningCoolOff | null;
  readonly window: WindowSnapshot;
}

/** The health of one target: one model at one provider. Times are monotonic milliseconds. */
export interface TargetHealth {
  readonly provider: string;
  readonly model: string;
  /** The breaker of this model; the provider's own stands above it. */
  readonly breaker: CircuitBreaker;
  /** Asks to make one attempt now. Whoever is admitted calls {@link record} or {@link release} exactly once. */
  admit(nowMs: number): Admission;
  /**
   * Ends an attempt: one sample for the target and for its provider. An attempt made in spite of a `no`, because no
   * better target was left, is recorded with that refusal: a sample, which moves no breaker.
   */
  record(admission: Admission, outcome: Outcome, latencyMs: number, nowMs: number): void;
  /** Gives an admission back unused: no sample. */
  release(admission: Admission, nowMs: number): void;
  /** Takes this target out of rotation for a bounded time without calling it broken. */
  coolOff(forMs: number, reason: CoolOffReason, nowMs: number): void;
  endCoolOff(): void;
  /** Whether {@link admit} would admit; takes no half-open place. */
  isAvailable(nowMs: number): boolean;
  /** When an attempt may be admitted next, now at the earliest; null while a breaker is forced open. */
  availableAtMs(nowMs: number): number | null;
  /** The score in 0…1 of this target, by its provider's numbers where it has none of its own. */
  score(nowMs: number): number;
  snapshot(nowMs: number): HealthSnapshot;
}

/** What a target needs of its provider. */
export interface ProviderSide {
  readonly provider: string;
  readonly breaker: CircuitBreaker;
  readonly window: RollingWindow;
  readonly pause: CoolOff;
  readonly spread: FailureSpread;
  availability(nowMs: number): 0 | 1;
}

/** What a target owns. */
export interface TargetParts {
  readonly model: string;
  readonly breaker: CircuitBreaker;
  readonly window: RollingWindow;
  readonly pause: CoolOff;
  readonly share: ModelShare;
}

const REFUSALS: Readonly<Record<Refusal, Admission>> = {
  provider_breaker: Object.freeze({ kind: 'no', because: 'provider_breaker' }),
  model_breaker: Object.freeze({ kind: 'no', because: 'model_breaker' }),
  cooling_off: Object.freeze({ kind: 'no', because: 'cooling_off' }),
};

/** Puts a target together; providers make theirs with `ProviderHealth.model`. */
export function createTargetHealth(side: ProviderSide, parts: TargetParts): TargetHealth {
  return new Target(side, parts);
}

class Target implements TargetHealth {
  readonly provider: string;
  readonly model: string;
  readonly breaker: CircuitBreaker;
  readonly #side: ProviderSide;
  readonly #parts: TargetParts;
  /** The latest admission of two closed breakers, given out again so that the closed path allocates nothing. */
  #latest: Admission = REFUSALS.provider_breaker;

  constructor(side: ProviderSide, parts: TargetParts) {
    this.provider = side.provider;
    this.model = parts.model;
    this.breaker = parts.breaker;
    this.#side = side;
    this.#parts = parts;
  }

  admit(nowMs: number): Admission {
    if (this.#isCoolingOff(nowMs)) return REFUSALS.cooling_off;
    const providerPermit = this.#side.breaker.tryAcquire(nowMs);
    if (providerPermit === null) return REFUSALS.provider_breaker;
    const modelPermit = this.breaker.tryAcquire(nowMs);
    if (modelPermit === null && !this.#isProviderForcedClosed(nowMs)) {
      this.#side.breaker.end(providerPermit, 'neutral', nowMs);
      return REFUSALS.model_breaker;
    }
    return this.#admission(providerPermit, modelPermit);
  }

  record(admission: Admission, outcome: Outcome, latencyMs: number, nowMs: number): void {
    const verdict = verdictOf(outcome);
    this.#parts.window.record(outcome, latencyMs, nowMs);
    this.#side.window.record(outcome, latencyMs, nowMs);
    this.#side.spread.record(this.#parts.share, verdict, nowMs);
    this.#end(admission, verdict, nowMs);
  }

  release(admission: Admission, nowMs: number): void {
    this.#end(admission, 'neutral', nowMs);
  }

  coolOff(forMs: number, reason: CoolOffReason, nowMs: number): void {
    this.#parts.pause.start(forMs, reason, nowMs);
  }

  endCoolOff(): void {
    this.#parts.pause.end();
  }

  isAvailable(nowMs: number): boolean {
    if (this.#isCoolingOff(nowMs) || !this.#side.breaker.wouldAdmit(nowMs)) return false;
    return this.breaker.wouldAdmit(nowMs) || this.#isProviderForcedClosed(nowMs);
  }

  availableAtMs(nowMs: number): number | null {
    const provider = this.#side.breaker.state(nowMs);
    const providerAtMs = openUntilMs(provider, nowMs);
    const isForcedClosed = provider.kind === 'forced' && provider.position === 'closed';
    const modelAtMs = isForcedClosed ? nowMs : openUntilMs(this.breaker.state(nowMs), nowMs);
    if (providerAtMs === null || modelAtMs === null) return null;
    return Math.max(
      providerAtMs,
      modelAtMs,
      this.#side.pause.running(nowMs)?.untilMs ?? nowMs,
      this.#parts.pause.running(nowMs)?.untilMs ?? nowMs,
    );
  }

  score(nowMs: number): number {
    const own = this.#parts.window;
    return healthScore({
      availability: this.#availability(nowMs),
      errorRate: (own.judged(nowMs) > 0 ? own : this.#side.window).errorRate(nowMs),
      p95Ms: own.quantileMs(0.95, nowMs) ?? this.#side.window.quantileMs(0.95, nowMs),
    });
  }

  snapshot(nowMs: number): HealthSnapshot {
    const window = this.#parts.window.snapshot(nowMs);
    const breaker = this.breaker.state(nowMs);
    const availability = this.#availability(nowMs);
    const score = this.score(nowMs);
    return {
      provider: this.provider,
      model: this.model,
      status: healthStatus(availability, score, window.samples > 0),
      availability,
      score,
      breaker,
      breakerState: visibleStateOf(breaker),
      coolOff: this.#parts.pause.running(nowMs) ?? this.#side.pause.running(nowMs),
      window,
    };
  }

  #admission(providerPermit: Permit, modelPermit: Permit | null): Admission {
    if (providerPermit.probe || modelPermit?.probe === true) {
      return { kind: 'probe', providerPermit, modelPermit };
    }
    const latest = this.#latest;
    if (
      latest.kind !== 'no' &&
      latest.providerPermit === providerPermit &&
      latest.modelPermit === modelPermit
    ) {
      return latest;
    }
    this.#latest = Object.freeze({ kind: 'yes', providerPermit, modelPermit });
    return this.#latest;
  }

  #end(admission: Admission, verdict: Verdict, nowMs: number): void {
    if (admission.kind === 'no') return;
    if (admission.modelPermit !== null) this.breaker.end(admission.modelPermit, verdict, nowMs);
    this.#side.breaker.end(admission.providerPermit, verdict, nowMs);
  }

  #availability(nowMs: number): 0 | 1 {
    return this.#side.availability(nowMs) === 0 ? 0 : availabilityOf(this.breaker.visibleState(nowMs), false);
  }

  #isCoolingOff(nowMs: number): boolean {
    return this.#side.pause.isRunning(nowMs) || this.#parts.pause.isRunning(nowMs);
  }

  /** An operator who forces the provider closed wants traffic on it, whatever its models' breakers hold. */
  #isProviderForcedClosed(nowMs: number): boolean {
    const state = this.#side.breaker.state(nowMs);
    return state.kind === 'forced' && state.position === 'closed';
  }
}

function openUntilMs(state: BreakerState, nowMs: number): number | null {
  if (state.kind === 'forced') return state.position === 'open' ? null : nowMs;
  return state.kind === 'open' ? state.untilMs : nowMs;
}
