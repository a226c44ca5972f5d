import type { BreakerState, OpenReason } from './breaker-state.ts';

/**
 * A breaker's state as JSON, to be kept or shared between replicas. Monotonic clocks of two processes have nothing in
 * common, so times are durations: `agoMs` since the state began, `remainingMs` until an open one is tried again. Who
 * stores it for a while takes that while off `remainingMs`. Attempts in flight belong to a process and are left out.
 */
export type SavedBreaker =
  | { readonly version: 1; readonly kind: 'closed'; readonly consecutiveFailures: number }
  | {
      readonly version: 1;
      readonly kind: 'open';
      readonly reason: OpenReason;
      readonly agoMs: number;
      readonly remainingMs: number;
      readonly opensInRow: number;
    }
  | {
      readonly version: 1;
      readonly kind: 'half_open';
      readonly agoMs: number;
      readonly successes: number;
      readonly opensInRow: number;
    }
  | {
      readonly version: 1;
      readonly kind: 'forced';
      readonly position: 'open' | 'closed';
      readonly reason: string;
      readonly agoMs: number;
    };

/** The state with its times as durations from `nowMs`. */
export function toSavedBreaker(state: BreakerState, nowMs: number): SavedBreaker {
  switch (state.kind) {
    case 'closed':
      return { version: 1, kind: 'closed', consecutiveFailures: state.consecutiveFailures };
    case 'open':
      return {
        version: 1,
        kind: 'open',
        reason: state.reason,
        agoMs: nowMs - state.sinceMs,
        remainingMs: Math.max(0, state.untilMs - nowMs),
        opensInRow: state.opensInRow,
      };
    case 'half_open':
      return {
        version: 1,
        kind: 'half_open',
        agoMs: nowMs - state.sinceMs,
        successes: state.successes,
        opensInRow: state.opensInRow,
      };
    case 'forced':
      return {
        version: 1,
        kind: 'forced',
        position: state.position,
        reason: state.reason,
        agoMs: nowMs - state.sinceMs,
      };
    default:
      return state satisfies never;
  }
}

/** The state that a {@link SavedBreaker} stands for at `nowMs`, or null where the value is not one. */
export function fromSavedBreaker(value: unknown, nowMs: number, maxOpenMs: number): BreakerState | null {
  if (typeof value !== 'object' || value === null) return null;
  const saved = value as Readonly<Record<string, unknown>>;
  if (saved.version !== 1) return null;
  switch (saved.kind) {
    case 'closed':
      return isCount(saved.consecutiveFailures)
        ? { kind: 'closed', consecutiveFailures: saved.consecutiveFailures }
        : null;
    case 'open':
      return readOpen(saved, nowMs, maxOpenMs);
    case 'half_open':
      return isDuration(saved.agoMs) && isCount(saved.successes) && isCount(saved.opensInRow)
        ? {
            kind: 'half_open',
            sinceMs: nowMs - saved.agoMs,
            inFlight: 0,
            successes: saved.successes,
            opensInRow: saved.opensInRow,
          }
        : null;
    case 'forced':
      return isDuration(saved.agoMs) && isPosition(saved.position) && typeof saved.reason === 'string'
        ? { kind: 'forced', position: saved.position, reason: saved.reason, sinceMs: nowMs - saved.agoMs }
        : null;
    default:
      return null;
  }
}

function readOpen(
  saved: Readonly<Record<string, unknown>>,
  nowMs: number,
  maxOpenMs: number,
): BreakerState | null {
  if (!isDuration(saved.agoMs) || !isDuration(saved.remainingMs)) return null;
  if (!isCount(saved.opensInRow) || !isOpenReason(saved.reason)) return null;
  return {
    kind: 'open',
    reason: saved.reason,
    sinceMs: nowMs - saved.agoMs,
    untilMs: nowMs + Math.min(saved.remainingMs, maxOpenMs),
    opensInRow: saved.opensInRow,
  };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isDuration(value: unknown): value is number {
  return Number.isFinite(value) && (value as number) >= 0;
}

function isPosition(value: unknown): value is 'open' | 'closed' {
  return value === 'open' || value === 'closed';
}

function isOpenReason(value: unknown): value is OpenReason {
  return value === 'consecutive_failures' || value === 'failure_ratio' || value === 'half_open_failure';
}
