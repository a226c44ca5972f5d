import type { HealthStatus, HealthTransition, ProviderHealth } from '@gatewayz/provider-health';
import type { ProviderCounts, ProviderMetrics } from './provider-metrics.ts';

/** Calls `run` again and again; what it returns ends that. */
export type Schedule = (run: () => void, intervalMs: number) => () => void;

/** What a monitor watches and sets. */
export interface ProviderMonitorOptions {
  readonly providers: readonly ProviderHealth[];
  readonly metrics: ProviderMetrics;
  /** Milliseconds between two ticks, from 1 to 2^31 − 1. */
  readonly intervalMs: number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** The process's own timer by default, which keeps no process alive. */
  readonly schedule?: Schedule;
  /** Told of a provider that could not be read; its gauges stay as they were. */
  readonly onError?: (error: unknown, provider: string) => void;
}

/** Keeps the gauges of the provider health section true to the providers' health. */
export interface ProviderMonitor {
  /** Ticks at once, so that the first scrape shows every provider, and then at each interval. */
  start(): void;
  stop(): void;
  /** Sets the gauges of every provider. */
  tick(): void;
  /** Watches one provider more, whose gauges are set at once. */
  add(health: ProviderHealth): void;
  /** Counts a change of a breaker and sets the gauges of its provider; to be called at each one. */
  changed(transition: HealthTransition): void;
}

// A longer delay makes the process's timer fire at once.
const LONGEST_INTERVAL_MS = 2 ** 31 - 1;

/** Makes a monitor that stands still; throws a RangeError for an interval out of bounds. */
export function createProviderMonitor(options: ProviderMonitorOptions): ProviderMonitor {
  const { metrics, intervalMs, now } = options;
  if (!(intervalMs >= 1 && intervalMs <= LONGEST_INTERVAL_MS)) {
    throw new RangeError(`intervalMs must be from 1 to ${LONGEST_INTERVAL_MS}, not ${intervalMs}`);
  }
  const schedule = options.schedule ?? everyInterval;
  const providers = new Map(options.providers.map((health) => [health.provider, health]));
  const statuses = new Map<string, HealthStatus>();
  let cancel: (() => void) | null = null;

  function show(health: ProviderHealth, withModels: boolean): void {
    try {
      const nowMs = now();
      statuses.set(health.provider, showProvider(health, metrics, nowMs));
      if (withModels) showModels(health, metrics, nowMs);
    } catch (error) {
      statuses.delete(health.provider);
      options.onError?.(error, health.provider);
    }
  }
  function count(): void {
    metrics.counts(countStatuses(providers.size, statuses.values()));
  }
  function tick(): void {
    for (const health of providers.values()) show(health, true);
    count();
  }

  return {
    start() {
      if (cancel !== null) return;
      cancel = schedule(tick, intervalMs);
      tick();
    },
    stop() {
      cancel?.();
      cancel = null;
    },
    tick,
    add(health) {
      providers.set(health.provider, health);
      show(health, true);
      count();
    },
    changed(transition) {
      metrics.provider(transition.provider).transition(transition);
      const health = providers.get(transition.provider);
      if (health === undefined) return;
      show(health, false);
      count();
    },
  };
}

function everyInterval(run: () => void, intervalMs: number): () => void {
  const timer = setInterval(run, intervalMs).unref();
  return () => clearInterval(timer);
}

function showProvider(health: ProviderHealth, metrics: ProviderMetrics, nowMs: number): HealthStatus {
  const { status, availability, score, breakerState, window } = health.snapshot(nowMs);
  metrics.provider(health.provider).set({
    availability,
    score,
    errorRate: window.errorRate,
    samples: window.samples,
    state: breakerState,
  });
  return status;
}

function showModels(health: ProviderHealth, metrics: ProviderMetrics, nowMs: number): void {
  const provider = metrics.provider(health.provider);
  const models = new Set<string>();
  for (const target of health.models()) {
    models.add(target.model);
    provider.modelState(target.model, target.breaker.visibleState(nowMs));
  }
  provider.keepModels(models);
}

/** A provider of unknown status counts as healthy: a fresh start must not look like an outage. */
function countStatuses(total: number, statuses: Iterable<HealthStatus>): ProviderCounts {
  const counts: Record<HealthStatus, number> = { healthy: 0, degraded: 0, down: 0, unknown: 0 };
  for (const status of statuses) counts[status] += 1;
  return { total, healthy: counts.healthy + counts.unknown, degraded: counts.degraded, down: counts.down };
}
