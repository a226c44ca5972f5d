import { createRegistry, type Registry, registerProcessMetrics } from '@gatewayz/metrics';
import { readBreakerOptions } from '@gatewayz/provider-health';
import {
  type CacheMetrics,
  createDatabaseMetrics,
  type DatabaseMetrics,
  type PoolMetrics,
} from '../database-metrics.ts';
import type { HealthDashboard } from '../health-dashboard.ts';
import { createHealthPoller, type HealthPoller } from '../health-poller/health-poller.ts';
import { createHealthServiceMetrics } from '../health-poller/health-service-metrics.ts';
import { createHttpMetrics, type HttpMetrics } from '../http-metrics.ts';
import { createInferenceMetrics, type InferenceMetrics } from '../inference-metrics.ts';
import { createMoneyMetrics, type MoneyMetrics } from '../money-metrics.ts';
import { createProviderMetrics, type ProviderMetrics } from '../provider-metrics.ts';
import type { ProviderMonitor } from '../provider-monitor.ts';
import { createViews, type Views } from '../views/views.ts';
import { createEndpoints, type Endpoints } from './endpoints.ts';
import type { InferenceCall } from './inference-call.ts';
import { createInferences, type InferenceStart } from './inferences.ts';
import { createModuleErrors, type ModuleErrors } from './module-errors.ts';
import { type ObservabilityOptions, readSettings, type Settings } from './observability-options.ts';
import { createProviderBreaker, type ProviderBreaker } from './provider-breaker.ts';
import { createProviderPool } from './provider-pool.ts';
import { createQueryTimer, type WrapDatabase } from './query-timer.ts';
import { createRequestObserver, type RequestObserver } from './request-observer.ts';

/** The providers that an application calls. */
export interface Providers {
  /** Null where the host sets the provider gauges itself. */
  readonly monitor: ProviderMonitor | null;
  /** The body of a `GET /health/dashboard`. */
  readonly dashboard: HealthDashboard;
  names(): readonly string[];
}

/** The metrics of the contract, by section, for a host that sets some of them itself. */
export interface ObservabilityMetrics {
  readonly http: HttpMetrics;
  readonly inference: InferenceMetrics;
  readonly providers: ProviderMetrics;
  readonly money: MoneyMetrics;
  readonly database: DatabaseMetrics;
}

/** All that the module does for one application, and where the application tells it what it cannot see. */
export interface Observability {
  /** For metrics of the application's own, beside ours. */
  readonly registry: Registry;
  readonly metrics: ObservabilityMetrics;
  readonly providers: Providers;
  /** Null without a health service. */
  readonly poller: HealthPoller | null;
  /** For adapters: puts requests into the HTTP metrics. */
  readonly requests: RequestObserver;
  /** For adapters: `/metrics` and the views. */
  readonly endpoints: Endpoints;
  /** Begins one call of a provider. */
  inference(start: InferenceStart): InferenceCall;
  breaker(provider: string): ProviderBreaker;
  readonly wrapDatabase: WrapDatabase;
  pool(name: string): PoolMetrics;
  cache(name: string): CacheMetrics;
  /** Counts an error that no handler expected, once, where the framework does not show it. */
  exception(error: unknown): void;
  /** Stops every timer and takes the process metrics out. What is counted can still be read. */
  close(): void;
}

/** Makes all parts of the module, without a framework, and starts them. Throws for options that make no sense. */
export function createObservability(options: ObservabilityOptions = {}): Observability {
  const settings = readSettings(options);
  readBreakerOptions(options.breaker ?? {});
  const registry = options.registry ?? createRegistry();
  const errors = createModuleErrors(registry, options.onError ?? null);
  const metrics = createMetrics(registry, settings);
  const views = createViews({
    registry,
    prometheus: toPrometheus(settings, options.prometheusSelector),
    now,
    epochNow: Date.now,
    onError: (error) => errors.note('endpoint', error),
  });
  const pool = createProviderPool({
    ...settings,
    providers: options.providers ?? [],
    breaker: options.breaker ?? {},
    windowMs: options.windowMs,
    metrics,
    errors,
    now,
  });
  const poller = createPoller(registry, settings);
  const requests = createRequestObserver({
    http: metrics.http,
    errors,
    countsExceptions: options.exceptions !== false,
    linksRequests: options.stages !== false,
  });
  const stops = [
    ...addSources(registry, options),
    ...startParts([
      views,
      ...(pool.monitor === null ? [] : [pool.monitor]),
      ...(poller === null ? [] : [poller]),
    ]),
  ];
  return {
    registry,
    metrics,
    providers: { monitor: pool.monitor, dashboard: pool.dashboard, names: pool.names },
    poller,
    requests,
    endpoints: createEndpoints({ ...settings, registry, views, errors }),
    inference: createInferences({ pool, metrics: metrics.inference, errors, now }),
    breaker: (provider) => createProviderBreaker(pool.provider(provider), errors, now),
    wrapDatabase: createQueryTimer(metrics.database, errors, now),
    pool: metrics.database.pool,
    cache: metrics.database.cache,
    exception: requests.exception,
    close: () => stopAll(stops, errors),
  };
}

function now(): number {
  return performance.now();
}

function createMetrics(registry: Registry, { appName }: Settings): ObservabilityMetrics {
  return {
    http: createHttpMetrics(registry, { appName }),
    inference: createInferenceMetrics(registry),
    providers: createProviderMetrics(registry),
    money: createMoneyMetrics(registry),
    database: createDatabaseMetrics(registry),
  };
}

function toPrometheus(
  { prometheusUrl: url }: Settings,
  selector: string | undefined,
): { readonly url: string; readonly selector?: string } | null {
  if (url === null) return null;
  return selector === undefined ? { url } : { url, selector };
}

function createPoller(
  registry: Registry,
  { healthServiceUrl, pollIntervalMs }: Settings,
): HealthPoller | null {
  if (healthServiceUrl === null) return null;
  return createHealthPoller({
    url: healthServiceUrl,
    intervalMs: pollIntervalMs,
    metrics: createHealthServiceMetrics(registry),
    now,
    epochNow: Date.now,
    random: Math.random,
  });
}

type Stop = () => void;

function addSources(registry: Registry, { processMetrics, promClient }: ObservabilityOptions): Stop[] {
  const isTaken = registry.names().includes('process_cpu_seconds_total');
  const ours = processMetrics === false || isTaken ? [] : [registerProcessMetrics(registry)];
  return [...ours, ...[promClient ?? []].flat().map((source) => registry.addForeign(source))];
}

function startParts(parts: readonly Pick<Views, 'start' | 'stop'>[]): Stop[] {
  return parts.map((part) => {
    part.start();
    return () => part.stop();
  });
}

function stopAll(stops: Stop[], errors: ModuleErrors): void {
  for (const stop of stops.splice(0)) {
    try {
      stop();
    } catch (error) {
      errors.note('close', error);
    }
  }
}
