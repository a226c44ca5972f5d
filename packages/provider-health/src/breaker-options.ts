import { requireInteger, requireNumber } from './require-option.ts';

/** When a circuit breaker opens, for how long, and what closes it again. Times are in milliseconds. */
export interface BreakerOptions {
  /** Failures in a row that open it. */
  readonly consecutiveFailures: number;
  /** Share of failures among the judged attempts of the window that opens it, above 0 up to 1. */
  readonly failureRatio: number;
  /** Judged attempts that the window must hold before the ratio is looked at. */
  readonly minimumSamples: number;
  readonly windowMs: number;
  /** How long it stays open the first time; each time in a row doubles it. */
  readonly openMs: number;
  readonly maxOpenMs: number;
  /** Part of the open time, 0…1, that chance may take off, so that replicas do not probe in step. */
  readonly jitter: number;
  /** Attempts that are let through at the same time while half-open. */
  readonly halfOpenProbes: number;
  /** Successes while half-open that close it. */
  readonly closeAfter: number;
  /** After this long an attempt that never ended no longer holds its half-open place. */
  readonly probeExpiryMs: number;
}

/** The defaults of the project's design; `jitter` and `probeExpiryMs` are this package's own. */
export const DEFAULT_BREAKER_OPTIONS: BreakerOptions = Object.freeze({
  consecutiveFailures: 5,
  failureRatio: 0.5,
  minimumSamples: 20,
  windowMs: 60_000,
  openMs: 30_000,
  maxOpenMs: 300_000,
  jitter: 0.1,
  halfOpenProbes: 1,
  closeAfter: 2,
  probeExpiryMs: 60_000,
});

/** Fills in the defaults; throws a RangeError that names the option and the value received. */
export function readBreakerOptions(given: Partial<BreakerOptions>): BreakerOptions {
  const options = { ...DEFAULT_BREAKER_OPTIONS, ...given };
  requireInteger('consecutiveFailures', options.consecutiveFailures, 1);
  requireNumber('failureRatio', options.failureRatio, Number.EPSILON, 1);
  requireInteger('minimumSamples', options.minimumSamples, 1);
  requireNumber('windowMs', options.windowMs, 1);
  requireNumber('openMs', options.openMs, 1);
  requireNumber('maxOpenMs', options.maxOpenMs, options.openMs);
  requireNumber('jitter', options.jitter, 0, 1);
  requireInteger('halfOpenProbes', options.halfOpenProbes, 1);
  requireInteger('closeAfter', options.closeAfter, 1);
  requireNumber('probeExpiryMs', options.probeExpiryMs, 1);
  return options;
}
