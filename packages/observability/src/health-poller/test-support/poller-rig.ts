import { createRegistry, type Registry } from '@gatewayz/metrics';
import { HEALTH_ENDPOINTS, type HealthEndpoint } from '../health-endpoint.ts';
import type { HealthPollEvent } from '../health-poll-event.ts';
import { createHealthPoller, type HealthPoller } from '../health-poller.ts';
import type { FetchPart, HealthPollerOptions } from '../health-poller-options.ts';
import { createHealthServiceMetrics } from '../health-service-metrics.ts';
import type { StartTimer } from '../start-timer.ts';

/** As much of a manual clock as a poller needs. */
export interface RigClock<Handle> {
  now(): number;
  setTimeout(run: () => void, delayMs: number): Handle;
  clearTimeout(handle: Handle): void;
}

/** Timers of a manual clock, as a poller starts them. */
function timersOf<Handle>(clock: RigClock<Handle>): StartTimer {
  return (run, delayMs) => {
    const handle = clock.setTimeout(run, delayMs);
    return () => clock.clearTimeout(handle);
  };
}

/** A poller on a manual clock, and all that it brings about. */
export interface PollerRig {
  readonly poller: HealthPoller;
  readonly registry: Registry;
  readonly epoch: { nowMs: number };
  readonly events: readonly HealthPollEvent[];
  /** The series of one metric, as label values and number, as a scrape shows them. */
  scraped(name: string): Promise<readonly string[]>;
  /** The series of one metric with these label values, as a scrape shows it. */
  value(name: string, ...labels: readonly string[]): Promise<number | undefined>;
}

/** Makes a poller of 30 s without jitter. */
export function createPollerRig<Handle>(
  clock: RigClock<Handle>,
  options: Partial<HealthPollerOptions>,
): PollerRig {
  const registry = createRegistry({ selfMetrics: false });
  const epoch = { nowMs: 1_900_000_000_000 };
  const events: HealthPollEvent[] = [];
  const poller = createHealthPoller({
    url: 'http://127.0.0.1:1',
    intervalMs: 30_000,
    metrics: createHealthServiceMetrics(registry),
    now: () => clock.now(),
    epochNow: () => epoch.nowMs,
    random: () => 0,
    startTimer: timersOf(clock),
    onEvent: (event) => events.push(event),
    ...options,
  });
  const scrape = async (name: string): Promise<readonly (readonly [string, number])[]> => {
    await registry.render();
    return [...registry.samples(name)].map(({ labels, value }) => [Object.values(labels).join(' '), value]);
  };
  return {
    poller,
    registry,
    epoch,
    events,
    scraped: async (name) => (await scrape(name)).map(([labels, value]) => `${labels} ${value}`.trim()),
    value: async (name, ...labels) => (await scrape(name)).find(([own]) => own === labels.join(' '))?.[1],
  };
}

/** Endpoints without a network. */
export interface ScriptedAnswers {
  readonly fetchPart: FetchPart;
  /** What each endpoint answers; an Error is thrown, `hang` never settles. */
  readonly answers: Record<HealthEndpoint, unknown>;
  /** Endpoints asked, each with its moment. */
  readonly asked: readonly string[];
  readonly signals: readonly AbortSignal[];
}

/** Makes endpoints that answer well until told otherwise. */
export function createScriptedAnswers(now: () => number): ScriptedAnswers {
  const asked: string[] = [];
  const signals: AbortSignal[] = [];
  const answers: Record<HealthEndpoint, unknown> = {
    '/health': { status: 'healthy' },
    '/status': { models_tracked: 5 },
    '/metrics': { total_models: 6, status_distribution: { healthy: 4, down: 1 } },
    '/cache/stats': { cache_available: true },
  };
  return {
    answers,
    asked,
    signals,
    async fetchPart(endpoint, signal) {
      asked.push(`${endpoint}@${Math.round(now())}`);
      signals.push(signal);
      const answer = answers[endpoint];
      if (answer === 'hang') await new Promise(() => undefined);
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
}

/** What a connection fails with where nothing listens. */
export const refused = (): Error => Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });

/** The same value for every endpoint. */
export const allOf = <T>(value: T): Record<HealthEndpoint, T> =>
  Object.fromEntries(HEALTH_ENDPOINTS.map((endpoint) => [endpoint, value])) as Record<HealthEndpoint, T>;
