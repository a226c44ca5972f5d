/** The run of failed probes of one provider: three in a row, the last of them recent, make it unavailable. */
export interface ProbeStreak {
  record(ok: boolean, nowMs: number): void;
  /** Whether the last three probes failed. */
  isFailing(nowMs: number): boolean;
  /** Whether there was a probe that still counts. */
  isKnown(nowMs: number): boolean;
}

/** Failed probes in a row that make a provider unavailable; from the project's design. */
export const FAILED_PROBES_UNTIL_DOWN = 3;

/** Makes a streak that forgets its probes when none came for `forgetAfterMs`, so that a dead prober blames nobody. */
export function createProbeStreak(forgetAfterMs: number): ProbeStreak {
  let failedInRow = 0;
  let lastMs = Number.NEGATIVE_INFINITY;
  const isKnown = (nowMs: number): boolean => nowMs - lastMs <= forgetAfterMs;
  return {
    record(ok, nowMs) {
      failedInRow = ok ? 0 : (isKnown(nowMs) ? failedInRow : 0) + 1;
      lastMs = nowMs;
    },
    isFailing: (nowMs) => failedInRow >= FAILED_PROBES_UNTIL_DOWN && isKnown(nowMs),
    isKnown,
  };
}
