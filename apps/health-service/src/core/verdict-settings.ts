import { requireInteger, requireNumber } from './require-option.ts';

export type VerdictSettings = {
  /** This many failures in a row, with no success between them, make a target `down`. */
  readonly failuresUntilDown: number;
  /** This many successes in a row end `down`, and a refusal that has become `degraded`. */
  readonly successesUntilHealthy: number;
  /** A failed share of the recent results from here (0…1) makes a target `degraded`; below half of it ends that. */
  readonly degradedShare: number;
  /** A p95 of the recent latencies from here makes a target `degraded`; below 80% of it ends that. */
  readonly slowP95Ms: number;
  /** How many results are recent. */
  readonly recentResults: number;
  /** Fewer recent results say nothing of the failed share. */
  readonly minimumResults: number;
  /** Fewer recent latencies say nothing of the p95. */
  readonly minimumLatencies: number;
};

export const DEFAULT_VERDICT_SETTINGS: VerdictSettings = {
  failuresUntilDown: 3,
  successesUntilHealthy: 2,
  degradedShare: 0.2,
  slowP95Ms: 8000,
  recentResults: 20,
  minimumResults: 10,
  minimumLatencies: 5,
};

/** Throws a RangeError that names the first bad setting. */
export function checkVerdictSettings(settings: VerdictSettings): void {
  requireInteger('failuresUntilDown', settings.failuresUntilDown, 1, 100);
  requireInteger('successesUntilHealthy', settings.successesUntilHealthy, 1, 100);
  requireNumber('degradedShare', settings.degradedShare, 0.01, 1);
  requireNumber('slowP95Ms', settings.slowP95Ms, 1);
  requireInteger('recentResults', settings.recentResults, 1, 1000);
  requireInteger('minimumResults', settings.minimumResults, 1, settings.recentResults);
  requireInteger('minimumLatencies', settings.minimumLatencies, 1, settings.recentResults);
}
