import { type BreakerOptions, readBreakerOptions } from './breaker-options.ts';
import {
  type BreakerState,
  type BreakerTransition,
  isSamePosition,
  type OpenReason,
  type TransitionReason,
  type VisibleBreakerState,
  visibleStateOf,
} from './breaker-state.ts';
import { HalfOpenProbes, type Permit } from './half-open-probes.ts';
import type { Verdict } from './outcome.ts';
import { createRollingWindow, type RollingWindow } from './rolling-window.ts';
import { fromSavedBreaker, type SavedBreaker, toSavedBreaker } from './saved-breaker.ts';

/** Options of a breaker, and what it is tied to. */
export interface CircuitBreakerSettings extends Partial<BreakerOptions> {
  /** Source of jitter, 0…1. */
  readonly random: () => number;
  /** Told of each change after it happened; what it throws is swallowed, so that telemetry never fails an attempt. */
  readonly onTransition?: (transition: BreakerTransition) => void;
  /** Asked when a closed breaker has reason to open; false leaves it closed, and the next failure asks again. */
  readonly mayOpen?: (reason: OpenReason, nowMs: number) => boolean;
}

/**
 * A circuit breaker without a clock: every method takes the monotonic time in milliseconds, and an open state whose
 * time is over becomes half-open at the next call of any of them. Time that runs backwards stands still.
 */
export interface CircuitBreaker {
  /** Leave for one attempt, or null; while closed it is one shared object, so that nothing is allocated. */
  tryAcquire(nowMs: number): Permit | null;
  /**
   * Ends an attempt. `neutral` frees a half-open place and counts for nothing. What ends after the state that it
   * began in counts for nothing either, nor does a probe's second end.
   */
  end(permit: Permit, verdict: Verdict, nowMs: number): void;
  /** Whether {@link tryAcquire} would give leave; takes no place. */
  wouldAdmit(nowMs: number): boolean;
  state(nowMs: number): BreakerState;
  visibleState(nowMs: number): VisibleBreakerState;
  /** Refuses every attempt until {@link auto}. `reason` is the operator's words. */
  forceOpen(reason: string, nowMs: number): void;
  /** Admits every attempt until {@link auto}. */
  forceClosed(reason: string, nowMs: number): void;
  /** Ends a forced position: forced closed goes on as closed, forced open as half-open, which asks for proof first. */
  auto(nowMs: number): void;
  /** The state as JSON with durations instead of times. */
  save(nowMs: number): SavedBreaker;
  /**
   * Takes over a saved state; false, and nothing changes, where the value is not one. Attempts in flight go on to
   * count where the position stays the same.
   */
  restore(saved: unknown, nowMs: number): boolean;
}

/** Makes a closed breaker; throws a RangeError that names the option and the value received. */
export function createCircuitBreaker(settings: CircuitBreakerSettings): CircuitBreaker {
  return new StateMachine(settings);
}

const RATIO_BUCKETS = 12;
// 2 ** 40 milliseconds are 35 years: enough to reach any cap, and far from Infinity.
const MAX_DOUBLINGS = 40;

type Mutable<T> = T extends unknown ? { -readonly [K in keyof T]: T[K] } : never;
type ClosedState = Mutable<Extract<BreakerState, { kind: 'closed' }>>;
type HalfOpenState = Mutable<Extract<BreakerState, { kind: 'half_open' }>>;

/** One object per state, shared by all attempts that begin in it, tells late ends apart by identity. */
class Tenure implements Permit {
  readonly probe = false;
}

class StateMachine implements CircuitBreaker {
  readonly #options: BreakerOptions;
  readonly #settings: CircuitBreakerSettings;
  readonly #window: RollingWindow;
  #state: Mutable<BreakerState> = { kind: 'closed', consecutiveFailures: 0 };
  #tenure = new Tenure();
  readonly #probes: HalfOpenProbes;
  #nowMs = Number.NEGATIVE_INFINITY;

  constructor(settings: CircuitBreakerSettings) {
    this.#settings = settings;
    this.#options = readBreakerOptions(settings);
    this.#probes = new HalfOpenProbes(this.#options.halfOpenProbes, this.#options.probeExpiryMs);
    const { windowMs } = this.#options;
    this.#window = createRollingWindow({ windowMs, buckets: RATIO_BUCKETS, latency: false });
  }

  tryAcquire(nowMs: number): Permit | null {
    this.#advance(nowMs);
    if (!this.#admits()) return null;
    return this.#state.kind === 'half_open' ? this.#probes.issue(this.#nowMs) : this.#tenure;
  }

  end(permit: Permit, verdict: Verdict, nowMs: number): void {
    this.#advance(nowMs);
    const state = this.#state;
    if (state.kind === 'half_open') {
      if (this.#probes.end(permit)) this.#endProbe(state, verdict);
    } else if (state.kind === 'closed' && permit === this.#tenure) {
      this.#endClosed(state, verdict);
    }
  }

  wouldAdmit(nowMs: number): boolean {
    this.#advance(nowMs);
    return this.#admits();
  }

  state(nowMs: number): BreakerState {
    this.#advance(nowMs);
    return this.#copy();
  }

  visibleState(nowMs: number): VisibleBreakerState {
    this.#advance(nowMs);
    return visibleStateOf(this.#state);
  }

  forceOpen(reason: string, nowMs: number): void {
    this.#force('open', reason, nowMs);
  }

  forceClosed(reason: string, nowMs: number): void {
    this.#force('closed', reason, nowMs);
  }

  auto(nowMs: number): void {
    this.#advance(nowMs);
    if (this.#state.kind !== 'forced') return;
    if (this.#state.position === 'open') this.#enterHalfOpen(0, 'auto');
    else this.#enter({ kind: 'closed', consecutiveFailures: 0 }, 'auto');
  }

  save(nowMs: number): SavedBreaker {
    return toSavedBreaker(this.state(nowMs), this.#nowMs);
  }

  restore(saved: unknown, nowMs: number): boolean {
    this.#advance(nowMs);
    const state = fromSavedBreaker(saved, this.#nowMs, this.#options.maxOpenMs);
    if (state === null) return false;
    if (isSamePosition(state, this.#state)) this.#state = { ...state };
    else this.#enter(state, 'restored');
    return true;
  }

  #force(position: 'open' | 'closed', reason: string, nowMs: number): void {
    this.#advance(nowMs);
    this.#enter({ kind: 'forced', position, reason, sinceMs: this.#nowMs }, `forced_${position}`);
  }

  #advance(nowMs: number): void {
    if (nowMs > this.#nowMs && nowMs < Number.POSITIVE_INFINITY) this.#nowMs = nowMs;
    const state = this.#state;
    if (state.kind === 'open' && this.#nowMs >= state.untilMs) {
      this.#enterHalfOpen(state.opensInRow, 'open_elapsed');
    }
  }

  #admits(): boolean {
    const state = this.#state;
    switch (state.kind) {
      case 'closed':
        return true;
      case 'open':
        return false;
      case 'half_open':
        return this.#probes.hasPlace(this.#nowMs);
      case 'forced':
        return state.position === 'closed';
      default:
        return state satisfies never;
    }
  }

  #endClosed(state: ClosedState, verdict: Verdict): void {
    if (verdict === 'neutral') return;
    if (verdict === 'success') {
      state.consecutiveFailures = 0;
      this.#window.record('success', Number.NaN, this.#nowMs);
      return;
    }
    state.consecutiveFailures++;
    this.#window.record('provider_error', Number.NaN, this.#nowMs);
    const reason = this.#reasonToOpen(state);
    if (reason !== null) this.#enterOpen(1, reason);
  }

  #reasonToOpen(state: ClosedState): OpenReason | null {
    const { consecutiveFailures, failureRatio, minimumSamples } = this.#options;
    if (state.consecutiveFailures >= consecutiveFailures && this.#mayOpen('consecutive_failures')) {
      return 'consecutive_failures';
    }
    if (this.#window.judged(this.#nowMs) < minimumSamples) return null;
    return this.#window.errorRate(this.#nowMs) >= failureRatio && this.#mayOpen('failure_ratio')
      ? 'failure_ratio'
      : null;
  }

  #mayOpen(reason: OpenReason): boolean {
    return this.#settings.mayOpen?.(reason, this.#nowMs) ?? true;
  }

  #endProbe(state: HalfOpenState, verdict: Verdict): void {
    if (verdict === 'failure') {
      this.#enterOpen(state.opensInRow + 1, 'half_open_failure');
    } else if (verdict === 'success') {
      state.successes++;
      if (state.successes >= this.#options.closeAfter) {
        this.#enter({ kind: 'closed', consecutiveFailures: 0 }, 'half_open_successes');
      }
    }
  }

  #enterOpen(opensInRow: number, reason: OpenReason): void {
    const { openMs, maxOpenMs, jitter } = this.#options;
    const fullMs = Math.min(openMs * 2 ** Math.min(opensInRow - 1, MAX_DOUBLINGS), maxOpenMs);
    const chance = Math.min(Math.max(this.#settings.random(), 0), 1) || 0;
    const untilMs = this.#nowMs + fullMs * (1 - jitter * chance);
    this.#enter({ kind: 'open', reason, sinceMs: this.#nowMs, untilMs, opensInRow }, reason);
  }

  #enterHalfOpen(opensInRow: number, reason: TransitionReason): void {
    this.#enter({ kind: 'half_open', sinceMs: this.#nowMs, inFlight: 0, successes: 0, opensInRow }, reason);
  }

  #enter(to: BreakerState, reason: TransitionReason): void {
    const from = this.#copy();
    this.#state = { ...to };
    this.#tenure = new Tenure();
    this.#probes.clear();
    this.#window.clear();
    try {
      this.#settings.onTransition?.({ from, to, reason, atMs: this.#nowMs });
    } catch {
      // A listener is telemetry: its failure is not the attempt's.
    }
  }

  #copy(): BreakerState {
    const state = this.#state;
    return state.kind === 'half_open'
      ? { ...state, inFlight: this.#probes.inFlight(this.#nowMs) }
      : { ...state };
  }
}
