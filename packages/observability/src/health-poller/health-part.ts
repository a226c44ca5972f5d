import type { HealthEndpoint } from './health-endpoint.ts';
import type { HealthPollError, PollErrorReason } from './health-poll-error.ts';
import type { HealthServiceMetrics } from './health-service-metrics.ts';
import type { HealthReading } from './read-health-part.ts';

/** What is known of one endpoint at one moment. */
export interface HealthPartSnapshot {
  /** Its last answer; null where there was none, or where it is too old to be shown. */
  readonly reading: HealthReading | null;
  /** Seconds since it last answered; null where it never did. */
  readonly ageSeconds: number | null;
  /** Polls that failed in a row. */
  readonly missedPolls: number;
  /** Why the last poll failed; null where it did not. */
  readonly failure: { readonly reason: PollErrorReason; readonly detail: string } | null;
}

/** One endpoint's gauges, from its first answer until the answers have been missing for too long. */
export interface HealthPart {
  readonly endpoint: HealthEndpoint;
  succeed(reading: HealthReading): void;
  fail(error: HealthPollError): void;
  /** Brings the age up to the moment, and takes the gauges out where it is too high. */
  refresh(): void;
  /** Forgets everything; leaves the gauges to the caller. */
  forget(): void;
  snapshot(): HealthPartSnapshot;
}

/** What a part needs. */
export interface HealthPartOptions {
  readonly endpoint: HealthEndpoint;
  readonly metrics: HealthServiceMetrics;
  readonly intervalMs: number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Told once an outage, when the gauges were taken out. */
  readonly onExpired: (ageSeconds: number) => void;
}

/** So many missed polls, or intervals without an answer where polls take their time, and the gauges go. */
const MISSED_POLLS = 3;

/** Makes a part of which nothing is known. */
export function createHealthPart(options: HealthPartOptions): HealthPart {
  const { endpoint, metrics, intervalMs, now } = options;
  let reading: HealthReading | null = null;
  let readAtMs: number | null = null;
  let missedPolls = 0;
  let failure: HealthPartSnapshot['failure'] = null;

  function refresh(): void {
    if (readAtMs === null) return;
    const ageMs = now() - readAtMs;
    metrics.age(endpoint, ageMs / 1000);
    const isTooOld = missedPolls >= MISSED_POLLS || ageMs > MISSED_POLLS * intervalMs;
    if (reading === null || !isTooOld) return;
    reading = null;
    metrics.hide(endpoint);
    options.onExpired(ageMs / 1000);
  }

  return {
    endpoint,
    succeed(answer) {
      reading = answer;
      readAtMs = now();
      missedPolls = 0;
      failure = null;
      metrics.show(endpoint, answer);
      refresh();
    },
    fail({ reason, message }) {
      missedPolls += 1;
      failure = { reason, detail: message };
      metrics.failed(endpoint, reason);
      refresh();
    },
    refresh,
    forget() {
      reading = null;
      readAtMs = null;
      missedPolls = 0;
      failure = null;
    },
    snapshot() {
      refresh();
      const ageSeconds = readAtMs === null ? null : (now() - readAtMs) / 1000;
      return { reading, ageSeconds, missedPolls, failure };
    },
  };
}
