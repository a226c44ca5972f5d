import { getJson } from './get-json.ts';
import { type ByEndpoint, byEndpoint, HEALTH_ENDPOINTS, type HealthEndpoint } from './health-endpoint.ts';
import { createHealthPart, type HealthPart, type HealthPartSnapshot } from './health-part.ts';
import { HealthPollError, type PollErrorReason, toHealthPollError } from './health-poll-error.ts';
import type { HealthPollEvent } from './health-poll-event.ts';
import {
  createEndpointUrls,
  type FetchPart,
  type HealthPollerOptions,
  type PolledPart,
  readTimeoutMs,
} from './health-poller-options.ts';
import { startPollTimer } from './poll-timer.ts';
import { type HealthReading, readHealthPart } from './read-health-part.ts';
import { type StartTimer, startProcessTimer } from './start-timer.ts';
import { createStatusLabels } from './status-labels.ts';
import { withinDeadline } from './within-deadline.ts';

/** How one endpoint fared in a poll. */
export type HealthPartResult =
  | { readonly endpoint: HealthEndpoint; readonly kind: 'answered'; readonly dropped: number }
  | {
      readonly endpoint: HealthEndpoint;
      readonly kind: 'failed';
      readonly reason: PollErrorReason;
      readonly detail: string;
    }
  /** The poll was given up; says nothing of the endpoint. */
  | { readonly endpoint: HealthEndpoint; readonly kind: 'stopped' };

/** What is known of the health service at one moment. */
export interface HealthServiceSnapshot {
  /** Whether `/health` answered at its last poll; null before the first. */
  readonly isUp: boolean | null;
  /** Unix milliseconds of the last poll that every endpoint answered; null where there was none. */
  readonly lastSuccessAtMs: number | null;
  readonly parts: ByEndpoint<HealthPartSnapshot>;
}

/** Keeps the metrics of the health service true to what it answers. */
export interface HealthPoller {
  /** Polls at once, and then in each interval. */
  start(): void;
  /** Gives up a poll that is running, and takes out the gauges that would grow old. */
  stop(): void;
  /** Polls now, or waits for the poll that is running: there are never two. Never rejects. */
  pollOnce(): Promise<readonly HealthPartResult[]>;
  /** What is known now, for health pages and views. */
  snapshot(): HealthServiceSnapshot;
}

/** Makes a poller that stands still; throws a RangeError or a TypeError for options out of bounds. */
export function createHealthPoller(options: HealthPollerOptions): HealthPoller {
  return new ServicePoller(options);
}

const MAX_ANSWER_BYTES = 1_000_000;

interface RunningPoll {
  readonly results: Promise<readonly HealthPartResult[]>;
  readonly stop: AbortController;
}

class ServicePoller implements HealthPoller {
  readonly #options: HealthPollerOptions;
  readonly #timeoutMs: number;
  readonly #fetchPart: FetchPart;
  readonly #startTimer: StartTimer;
  readonly #toLabel = createStatusLabels();
  readonly #parts: ByEndpoint<HealthPart>;
  #isUp: boolean | null = null;
  #lastSuccessAtMs: number | null = null;
  #wasWhole = false;
  #running: RunningPoll | null = null;
  #end: (() => void) | null = null;

  constructor(options: HealthPollerOptions) {
    const toUrl = createEndpointUrls(options.url);
    this.#options = options;
    this.#timeoutMs = readTimeoutMs(options);
    this.#fetchPart =
      options.fetchPart ??
      ((endpoint, signal) => getJson(toUrl(endpoint), { signal, maxBytes: MAX_ANSWER_BYTES }));
    this.#startTimer = options.startTimer ?? startProcessTimer;
    this.#parts = byEndpoint((endpoint) =>
      createHealthPart({
        endpoint,
        metrics: options.metrics,
        intervalMs: options.intervalMs,
        now: options.now,
        onExpired: (ageSeconds) => this.#tell({ kind: 'expired', endpoint, ageSeconds }),
      }),
    );
  }

  start(): void {
    if (this.#end !== null) return;
    const { metrics, intervalMs, now, random } = this.#options;
    const endRefresh = metrics.beforeScrape(() => {
      for (const endpoint of HEALTH_ENDPOINTS) this.#parts[endpoint].refresh();
    });
    const endTimer = startPollTimer({
      run: () => void this.pollOnce(),
      intervalMs,
      now,
      random,
      startTimer: this.#startTimer,
    });
    this.#end = () => {
      endTimer();
      endRefresh();
    };
  }

  stop(): void {
    this.#end?.();
    this.#end = null;
    this.#running?.stop.abort();
    this.#running = null;
    this.#isUp = null;
    this.#wasWhole = false;
    for (const endpoint of HEALTH_ENDPOINTS) this.#parts[endpoint].forget();
    this.#options.metrics.clear();
  }

  pollOnce(): Promise<readonly HealthPartResult[]> {
    this.#running ??= this.#startPoll();
    return this.#running.results;
  }

  snapshot(): HealthServiceSnapshot {
    return {
      isUp: this.#isUp,
      lastSuccessAtMs: this.#lastSuccessAtMs,
      parts: byEndpoint((endpoint) => this.#parts[endpoint].snapshot()),
    };
  }

  #startPoll(): RunningPoll {
    const stop = new AbortController();
    const polled: PolledPart[] = [];
    const asked = HEALTH_ENDPOINTS.map((endpoint) => this.#ask(endpoint, stop.signal, polled));
    const results = Promise.all(asked).then((parts) => {
      if (!stop.signal.aborted) this.#finish(parts, polled);
      return parts;
    });
    return { results, stop };
  }

  #finish(parts: readonly HealthPartResult[], polled: readonly PolledPart[]): void {
    this.#running = null;
    tell(this.#options.onPolled, polled);
    const isWhole = parts.every(({ kind }) => kind === 'answered');
    if (isWhole) {
      this.#lastSuccessAtMs = this.#options.epochNow();
      this.#options.metrics.succeededAt(this.#lastSuccessAtMs / 1000);
      if (!this.#wasWhole) this.#tell({ kind: 'updated' });
    }
    this.#wasWhole = isWhole;
  }

  /** Each part is shown when it is there: none waits for a slower one. */
  async #ask(endpoint: HealthEndpoint, stop: AbortSignal, polled: PolledPart[]): Promise<HealthPartResult> {
    const { metrics, now } = this.#options;
    const startedMs = now();
    const answer = await this.#read(endpoint, stop);
    if (stop.aborted) return { endpoint, kind: 'stopped' };
    const endMs = now();
    metrics.polled(endpoint, (endMs - startedMs) / 1000);
    const isGood = !(answer instanceof HealthPollError);
    polled.push({ endpoint, startMs: startedMs, endMs, reason: isGood ? null : answer.reason });
    if (endpoint === '/health') {
      this.#isUp = isGood;
      metrics.up(isGood);
    }
    return isGood ? this.#succeed(endpoint, answer) : this.#fail(endpoint, answer);
  }

  async #read(endpoint: HealthEndpoint, stop: AbortSignal): Promise<HealthReading | HealthPollError> {
    try {
      const body = await withinDeadline((signal) => this.#fetchPart(endpoint, signal), {
        timeoutMs: this.#timeoutMs,
        startTimer: this.#startTimer,
        stop,
      });
      return readHealthPart(endpoint, body, this.#toLabel);
    } catch (error) {
      return toHealthPollError(error);
    }
  }

  #succeed(endpoint: HealthEndpoint, reading: HealthReading): HealthPartResult {
    const part = this.#parts[endpoint];
    const before = part.snapshot().reading;
    part.succeed(reading);
    const { dropped } = reading;
    if (dropped > 0 && (before?.dropped ?? 0) === 0) {
      this.#tell({ kind: 'dropped', endpoint, entries: dropped });
    }
    return { endpoint, kind: 'answered', dropped };
  }

  #fail(endpoint: HealthEndpoint, error: HealthPollError): HealthPartResult {
    const part = this.#parts[endpoint];
    const before = part.snapshot().failure;
    part.fail(error);
    const { reason, message: detail } = error;
    if (before?.reason !== reason) this.#tell({ kind: 'failed', endpoint, reason, detail });
    return { endpoint, kind: 'failed', reason, detail };
  }

  #tell(event: HealthPollEvent): void {
    tell(this.#options.onEvent, event);
  }
}

/** A listener's trouble is none of the poll's. */
function tell<T>(listener: ((value: T) => void) | undefined, value: T): void {
  try {
    listener?.(value);
  } catch {
    // Nobody else can hear of it.
  }
}
