/** Where the monotonic clock's zero lies in the epoch. */
export interface EpochOrigin {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** Seconds and nanoseconds since the epoch, as OpenTelemetry's API has them. */
export type HighResolutionTime = [seconds: number, nanoseconds: number];

/** Knows where the monotonic clock's zero lies, also after the wall clock was set or the machine slept. */
export interface EpochClock {
  origin(): EpochOrigin;
}

const NS_PER_SECOND = 1e9;
const NS_PER_MS = 1e6;
const MS_PER_SECOND = 1000;
// Below this a difference is the millisecond of `Date.now()` and ordinary slewing, not a step.
const MAX_DRIFT_MS = 50;

/** Creates a clock whose origin moves only when wall clock and monotonic clock have come 50 ms apart. */
export function createEpochClock(
  epochMs: () => number = Date.now,
  monotonicMs: () => number = () => performance.now(),
  originMs: number = performance.timeOrigin,
): EpochClock {
  let anchorMs = originMs;
  let origin = toOrigin(anchorMs);
  return {
    origin() {
      const driftMs = epochMs() - (anchorMs + monotonicMs());
      if (Math.abs(driftMs) > MAX_DRIFT_MS) {
        anchorMs += driftMs;
        origin = toOrigin(anchorMs);
      }
      return origin;
    },
  };
}

/**
 * The time in the epoch of a monotonic time in milliseconds, to the nanosecond: both are kept apart until the end,
 * because a sum in milliseconds would be rounded to a quarter of a microsecond.
 */
export function toEpochTime(origin: EpochOrigin, monotonicMs: number): HighResolutionTime {
  const nanoseconds = origin.nanoseconds + Math.round(monotonicMs * NS_PER_MS);
  const seconds = Math.floor(nanoseconds / NS_PER_SECOND);
  return [origin.seconds + seconds, nanoseconds - seconds * NS_PER_SECOND];
}

/** The monotonic time in milliseconds of a time in the epoch; undoes `toEpochTime`. */
export function fromEpochTime(
  origin: EpochOrigin,
  [seconds, nanoseconds]: readonly [number, number],
): number {
  return (seconds - origin.seconds) * MS_PER_SECOND + (nanoseconds - origin.nanoseconds) / NS_PER_MS;
}

function toOrigin(epochMs: number): EpochOrigin {
  const seconds = Math.floor(epochMs / MS_PER_SECOND);
  return { seconds, nanoseconds: Math.round((epochMs - seconds * MS_PER_SECOND) * NS_PER_MS) };
}
