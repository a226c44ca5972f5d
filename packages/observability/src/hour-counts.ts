import { createRollingWindow, type Outcome } from '@gatewayz/provider-health';

/** Attempts at one provider during the last hour, to the minute. Times are monotonic milliseconds. */
export interface HourCounts {
  record(outcome: Outcome, nowMs: number): void;
  /** All attempts, whatever their outcome. */
  requests(nowMs: number): number;
  /** Attempts that count against the provider. */
  errors(nowMs: number): number;
}

/** Makes empty counts; an attempt stays in them for 59 to 60 minutes. */
export function createHourCounts(): HourCounts {
  const window = createRollingWindow({ windowMs: 3_600_000, buckets: 60, latency: false });
  return {
    record: (outcome, nowMs) => window.record(outcome, Number.NaN, nowMs),
    requests: (nowMs) => window.samples(nowMs),
    errors: (nowMs) => window.failed(nowMs),
  };
}
