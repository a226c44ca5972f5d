import type { HealthEndpoint } from './health-endpoint.ts';
import type { PollErrorReason } from './health-poll-error.ts';
import type { HealthPollEvent } from './health-poll-event.ts';
import type { HealthServiceMetrics } from './health-service-metrics.ts';
import type { StartTimer } from './start-timer.ts';

/** Gets the JSON of one endpoint; may throw anything, and is not waited for once the signal is aborted. */
export type FetchPart = (endpoint: HealthEndpoint, signal: AbortSignal) => Promise<unknown>;

/** Which health service is polled, and how. */
export interface HealthPollerOptions {
  /** Base URL of the health service, `http:` or `https:`. */
  readonly url: string;
  /** Milliseconds between two polls, from 1 to 2^30. */
  readonly intervalMs: number;
  /** Milliseconds for each endpoint, below the interval; by default 10,000, or less where the interval is short. */
  readonly timeoutMs?: number;
  readonly metrics: HealthServiceMetrics;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Milliseconds since 1970. */
  readonly epochNow: () => number;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** Node's own HTTP client by default, with at most 1 MB an answer. */
  readonly fetchPart?: FetchPart;
  /** The process's own timer by default, which keeps no process alive. */
  readonly startTimer?: StartTimer;
  /** Told of what is worth a log line; whatever it throws is lost. */
  readonly onEvent?: (event: HealthPollEvent) => void;
  /** Told of every poll that was not given up: when each endpoint was asked, and what came of it. */
  readonly onPolled?: (parts: readonly PolledPart[]) => void;
}

/** One endpoint in one poll, by the poller's `now`. */
export interface PolledPart {
  readonly endpoint: HealthEndpoint;
  readonly startMs: number;
  readonly endMs: number;
  /** Null where it answered. */
  readonly reason: PollErrorReason | null;
}

const LONGEST_INTERVAL_MS = 2 ** 30;
const DEFAULT_TIMEOUT_MS = 10_000;

/** How much of a short interval the default timeout takes: every answer is in before the next poll, jitter or not. */
const TIMEOUT_SHARE = 0.8;

/** The timeout of each endpoint; throws a RangeError for an interval or a timeout out of bounds. */
export function readTimeoutMs({
  intervalMs,
  timeoutMs,
}: Pick<HealthPollerOptions, 'intervalMs' | 'timeoutMs'>): number {
  if (!(intervalMs >= 1 && intervalMs <= LONGEST_INTERVAL_MS)) {
    throw new RangeError(`intervalMs must be from 1 to ${LONGEST_INTERVAL_MS}, not ${intervalMs}`);
  }
  const timeout = timeoutMs ?? Math.min(DEFAULT_TIMEOUT_MS, TIMEOUT_SHARE * intervalMs);
  if (!(timeout > 0 && timeout < intervalMs)) {
    throw new RangeError(`timeoutMs must be above 0 and below the interval of ${intervalMs}, not ${timeout}`);
  }
  return timeout;
}

/** Makes what turns an endpoint into its URL; throws a TypeError for a base that is no HTTP URL, without showing it. */
export function createEndpointUrls(base: string): (endpoint: HealthEndpoint) => URL {
  const url = URL.parse(base);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    // A URL may hold a password.
    throw new TypeError('url must be an absolute http: or https: URL');
  }
  url.search = '';
  url.hash = '';
  const path = url.pathname.replace(/\/+$/, '');
  return (endpoint) => {
    const target = new URL(url);
    target.pathname = path + endpoint;
    return target;
  };
}
