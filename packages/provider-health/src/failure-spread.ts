import type { BreakerOptions } from './breaker-options.ts';
import type { OpenReason } from './breaker-state.ts';
import type { Verdict } from './outcome.ts';
import { createRollingWindow, type RollingWindow } from './rolling-window.ts';

/** One model's share in the failures of its provider. */
export interface ModelShare {
  readonly window: RollingWindow;
  run: number;
  failuresInRun: number;
}

/**
 * Tells whether a provider's failures are confined to one model: the question its breaker asks before it opens.
 *
 * A provider known to serve a single model fails with it. With more, at least two of the failures must be of models
 * other than the one that fails most: of the failures in a row, for a run of them; for a failure ratio, of those in
 * the breaker's window, where the others must also reach the ratio by themselves.
 */
export interface FailureSpread {
  addModel(): ModelShare;
  removeModel(share: ModelShare): void;
  record(share: ModelShare, verdict: Verdict, nowMs: number): void;
  isWide(reason: OpenReason, nowMs: number): boolean;
}

const FAILURES_ELSEWHERE = 2;
const BUCKETS = 12;

/** Makes the spread of a provider without models. */
export function createFailureSpread(
  options: Pick<BreakerOptions, 'windowMs' | 'failureRatio'>,
): FailureSpread {
  const shares = new Set<ModelShare>();
  // A run is the failures since any model's last success; a new number empties every model's count of it at once.
  let run = 1;
  let failuresInRun = 0;
  let mostInRun = 0;

  const startRun = (): void => {
    run++;
    failuresInRun = 0;
    mostInRun = 0;
  };
  const recordFailure = (share: ModelShare): void => {
    if (share.run !== run) {
      share.run = run;
      share.failuresInRun = 0;
    }
    share.failuresInRun++;
    failuresInRun++;
    mostInRun = Math.max(mostInRun, share.failuresInRun);
  };

  return {
    addModel() {
      const window = createRollingWindow({ windowMs: options.windowMs, buckets: BUCKETS, latency: false });
      const share: ModelShare = { window, run: 0, failuresInRun: 0 };
      shares.add(share);
      return share;
    },
    removeModel(share) {
      shares.delete(share);
    },
    record(share, verdict, nowMs) {
      if (verdict === 'neutral') return;
      share.window.record(verdict === 'success' ? 'success' : 'provider_error', Number.NaN, nowMs);
      if (verdict === 'failure') recordFailure(share);
      else if (failuresInRun > 0) startRun();
    },
    isWide(reason, nowMs) {
      if (shares.size <= 1) return true;
      if (reason === 'consecutive_failures') return failuresInRun - mostInRun >= FAILURES_ELSEWHERE;
      return isRatioReachedElsewhere(shares, options.failureRatio, nowMs);
    },
  };
}

/** Whether the models other than the one that fails most reach the ratio by themselves. */
function isRatioReachedElsewhere(
  shares: ReadonlySet<ModelShare>,
  failureRatio: number,
  nowMs: number,
): boolean {
  let failed = 0;
  let judged = 0;
  let worstFailed = 0;
  let worstJudged = 0;
  for (const { window } of shares) {
    const failedHere = window.failed(nowMs);
    const judgedHere = window.judged(nowMs);
    failed += failedHere;
    judged += judgedHere;
    if (failedHere > worstFailed) {
      worstFailed = failedHere;
      worstJudged = judgedHere;
    }
  }
  const failedElsewhere = failed - worstFailed;
  return failedElsewhere >= FAILURES_ELSEWHERE && failedElsewhere >= failureRatio * (judged - worstJudged);
}
