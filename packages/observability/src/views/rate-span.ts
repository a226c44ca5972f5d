/** A span of samples within a window; everything in seconds. */
export interface RateSpan {
  /** From the first sample to the last. */
  readonly sampled: number;
  /** From the window's start to the first sample, and from the last sample to the window's end. */
  readonly gapBefore: number;
  readonly gapAfter: number;
  /** The usual time between two samples at either end. */
  readonly spacingBefore: number;
  readonly spacingAfter: number;
  readonly window: number;
}

/** A gap that is longer than the spacing by more than this is one in which the series may not have been there. */
const GAP_TOLERANCE = 1.1;

/**
 * Growth of a counter per second over the window, as Prometheus's `rate` extrapolates it: to the window's edges where
 * samples are near, else by half a spacing, and never back beyond the moment at which the counter was 0.
 */
export function rateOver(first: number, last: number, span: RateSpan): number {
  // A counter that fell was removed and began anew.
  const growth = last >= first ? last - first : last;
  let before = reach(span.gapBefore, span.spacingBefore);
  if (growth > 0) before = Math.min(before, (span.sampled * first) / growth);
  const after = reach(span.gapAfter, span.spacingAfter);
  return (growth * (before + span.sampled + after)) / span.sampled / span.window;
}

function reach(gap: number, spacing: number): number {
  return gap < spacing * GAP_TOLERANCE ? gap : spacing / 2;
}
