import {
  type BreakerOptions,
  createProviderHealth,
  type HealthTransition,
  type ProviderHealth,
  type TargetHealth,
} from '@gatewayz/provider-health';
import { createHealthDashboard, type HealthDashboard } from '../health-dashboard.ts';
import { createHourCounts, type HourCounts } from '../hour-counts.ts';
import type { InferenceMetrics, TargetMetrics } from '../inference-metrics.ts';
import type { MoneyMetrics } from '../money-metrics.ts';
import type { OneProviderMetrics, ProviderMetrics } from '../provider-metrics.ts';
import { createProviderMonitor, type ProviderMonitor } from '../provider-monitor.ts';
import { OTHER, readLabelName } from './label-names.ts';
import { type ModuleErrors, runCallback } from './module-errors.ts';

/** One model at one provider, with all that is kept of it. */
export interface Target {
  readonly provider: PoolProvider;
  readonly model: string;
  readonly health: TargetHealth;
  readonly metrics: TargetMetrics;
  readonly cost: (costUsd: number) => void;
}

export type BreakerListener = (transition: HealthTransition) => void;

/** One provider, with all that is kept of it. */
export interface PoolProvider {
  readonly name: string;
  readonly health: ProviderHealth;
  readonly hour: HourCounts;
  readonly metrics: OneProviderMetrics;
  readonly targets: Map<string, Target>;
  readonly listeners: Set<BreakerListener>;
}

/** The providers that the application calls, made when they are first named. */
export interface ProviderPool {
  /** Null where the host sets the provider gauges itself. */
  readonly monitor: ProviderMonitor | null;
  readonly dashboard: HealthDashboard;
  /** The provider of that name, or the one for all that are over the cap. */
  provider(name: unknown): PoolProvider;
  target(provider: unknown, model: unknown): Target;
  names(): readonly string[];
}

export interface ProviderPoolOptions {
  readonly providers: readonly string[];
  readonly maxProviders: number;
  readonly maxTargets: number;
  readonly monitorIntervalMs: number | null;
  readonly breaker: Partial<BreakerOptions>;
  readonly windowMs: number | undefined;
  readonly metrics: {
    readonly providers: ProviderMetrics;
    readonly inference: InferenceMetrics;
    readonly money: MoneyMetrics;
  };
  readonly errors: ModuleErrors;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Makes the pool; the providers named by the options are in it at once. */
export function createProviderPool(options: ProviderPoolOptions): ProviderPool {
  const { errors, metrics, now } = options;
  const providers = new Map<string, PoolProvider>();
  const dashboard = createHealthDashboard({ providers: [], now, epochNow: Date.now });
  const monitor = createMonitor(options);
  let targets = 0;

  function announce(provider: PoolProvider, transition: HealthTransition): void {
    monitor?.changed(transition);
    dashboard.changed(transition);
    for (const listener of provider.listeners) {
      if (!runCallback(() => listener(transition))) errors.note('listener', 'a listener of a breaker threw');
    }
  }
  function add(name: string): PoolProvider {
    const health = createProviderHealth({
      provider: name,
      random: Math.random,
      breaker: options.breaker,
      ...(options.windowMs === undefined ? {} : { windowMs: options.windowMs }),
      onTransition: (transition) => announce(provider, transition),
    });
    const provider: PoolProvider = {
      name,
      health,
      hour: createHourCounts(),
      metrics: metrics.providers.provider(name),
      targets: new Map(),
      listeners: new Set(),
    };
    providers.set(name, provider);
    dashboard.add(provider);
    monitor?.add(health);
    return provider;
  }
  function findProvider(name: unknown): PoolProvider {
    const known = readLabelName(name);
    const key = providers.has(known) || providers.size < options.maxProviders ? known : OTHER;
    return providers.get(key) ?? add(key);
  }
  function findTarget(providerName: unknown, modelName: unknown): Target {
    const provider = findProvider(providerName);
    const known = readLabelName(modelName);
    const model = provider.targets.has(known) || targets < options.maxTargets ? known : OTHER;
    let target = provider.targets.get(model);
    if (target === undefined) {
      const { name, health } = provider;
      const cost = metrics.money.target(name, model);
      target = {
        provider,
        model,
        health: health.model(model),
        metrics: metrics.inference.target(name, model),
        cost,
      };
      provider.targets.set(model, target);
      targets += 1;
    }
    return target;
  }

  for (const name of options.providers) findProvider(name);
  return {
    monitor,
    dashboard,
    provider: findProvider,
    target: findTarget,
    names: () => [...providers.keys()],
  };
}

function createMonitor({
  monitorIntervalMs,
  metrics,
  now,
  errors,
}: ProviderPoolOptions): ProviderMonitor | null {
  if (monitorIntervalMs === null) return null;
  return createProviderMonitor({
    providers: [],
    metrics: metrics.providers,
    intervalMs: monitorIntervalMs,
    now,
    onError: (error) => errors.note('monitor', error),
  });
}
