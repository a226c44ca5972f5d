const MINUTE_MS = 60_000;

/** The bounds that hold for every provider by itself. */
export interface ProbeGateLimits {
  /** Probes under way at once. */
  readonly concurrency: number;
  /** Requests begun in any minute. */
  readonly perMinute: number;
}

/** How many requests a provider has been sent in the last minute, and how many probes of it are under way. */
export interface ProbeGate {
  /** Lets one more probe begin, to be followed by {@link leave}; false where a bound is reached. */
  enter(nowMs: number): boolean;
  leave(): void;
  /** Counts one request; false where the minute has no room for it, and then it must not be sent. */
  takeRequest(nowMs: number): boolean;
}

/** Creates the gate of one provider. Times are of a monotonic clock; the minute slides. */
export function createProbeGate({ concurrency, perMinute }: ProbeGateLimits): ProbeGate {
  const sentAtMs: number[] = [];
  let underWay = 0;
  const hasRoom = (nowMs: number): boolean => {
    const oldest = sentAtMs.length < perMinute ? undefined : sentAtMs[sentAtMs.length - perMinute];
    return oldest === undefined || nowMs - oldest > MINUTE_MS;
  };
  return {
    enter(nowMs) {
      if (underWay >= concurrency || !hasRoom(nowMs)) return false;
      underWay += 1;
      return true;
    },
    leave() {
      underWay -= 1;
    },
    takeRequest(nowMs) {
      if (!hasRoom(nowMs)) return false;
      sentAtMs.push(nowMs);
      if (sentAtMs.length > 2 * perMinute) sentAtMs.splice(0, sentAtMs.length - perMinute);
      return true;
    },
  };
}
