/** Largest relative error of a quantile between the two bounds: a bin's ends are at most this far from its middle. */
const SKETCH_RELATIVE_ERROR = 0.04;
/** Latencies below are reported as this: 1 ms. */
const SKETCH_MIN_MS = 1;
/** Latencies above are reported as this: 20 min. */
export const SKETCH_MAX_MS = 1_200_000;

// Bins as in DDSketch (Masson et al., 2019): bin i holds (gamma^(i-1), gamma^i], gamma = (1 + e) / (1 - e).
const GAMMA = (1 + SKETCH_RELATIVE_ERROR) / (1 - SKETCH_RELATIVE_ERROR);
const BINS_PER_LOG = 1 / Math.log(GAMMA);

/** How many bins a sketch has: the first holds what is not above 1 ms, the last what is above 20 min. */
export const SKETCH_BINS: number = Math.ceil(Math.log(SKETCH_MAX_MS) * BINS_PER_LOG) + 2;

const BIN_MS: Float64Array = Float64Array.from({ length: SKETCH_BINS }, (_, bin) => {
  if (bin === 0) return SKETCH_MIN_MS;
  return bin === SKETCH_BINS - 1 ? SKETCH_MAX_MS : (2 * GAMMA ** bin) / (GAMMA + 1);
});

/** The bin that a latency falls into; anything not above 1 ms, NaN included, falls into the first. */
export function sketchBin(latencyMs: number): number {
  if (!(latencyMs > SKETCH_MIN_MS)) return 0;
  if (latencyMs > SKETCH_MAX_MS) return SKETCH_BINS - 1;
  return Math.ceil(Math.log(latencyMs) * BINS_PER_LOG);
}

/** The latency at a quantile in 0…1 of the counts by bin, in milliseconds, or null where there are none. */
export function sketchQuantileMs(counts: Uint32Array, total: number, quantile: number): number | null {
  if (total <= 0) return null;
  const rank = Math.min(total, Math.max(1, Math.ceil(quantile * total)));
  // From the top, because what is asked for most lies there.
  let above = total - rank;
  for (let bin = SKETCH_BINS - 1; bin > 0; bin--) {
    const count = counts[bin] ?? 0;
    if (above < count) return BIN_MS[bin] ?? SKETCH_MAX_MS;
    above -= count;
  }
  return SKETCH_MIN_MS;
}
