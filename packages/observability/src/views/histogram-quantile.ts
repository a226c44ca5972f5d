/** A bucket of a histogram: how much of it is at or below the bound. */
export interface Bucket {
  /** `Infinity` for the last one. */
  readonly upperBound: number;
  readonly count: number;
}

/**
 * The quantile `q` (between 0 and 1) of cumulative buckets, by the rules of Prometheus's `histogram_quantile`:
 * linear inside a bucket, the first of which begins at 0; the highest finite bound where it lies beyond; NaN
 * without observations or without an infinite bucket.
 */
export function histogramQuantile(q: number, buckets: readonly Bucket[]): number {
  const rising = toRising(buckets);
  const last = rising.at(-1);
  if (rising.length < 2 || last?.upperBound !== Number.POSITIVE_INFINITY || !(last.count > 0))
    return Number.NaN;
  const rank = q * last.count;
  const index = rising.findIndex(({ count }) => count >= rank);
  const found = rising[index];
  const before = rising[index - 1];
  if (found === undefined || found === last) return rising.at(-2)?.upperBound ?? Number.NaN;
  if (before === undefined && found.upperBound <= 0) return found.upperBound;
  const start = before?.upperBound ?? 0;
  const below = before?.count ?? 0;
  return start + (found.upperBound - start) * ((rank - below) / (found.count - below));
}

/** By bound, and never falling: sums of rates do, by rounding. */
function toRising(buckets: readonly Bucket[]): readonly Bucket[] {
  let most = 0;
  return [...buckets]
    .sort((a, b) => a.upperBound - b.upperBound)
    .map(({ upperBound, count }) => {
      most = Math.max(most, count);
      return { upperBound, count: most };
    });
}
