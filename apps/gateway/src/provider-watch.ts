import type { Config, Secrets } from '@gatewayz/config';
import {
  createHealthDashboard,
  createProviderMonitor,
  type HealthDashboard,
  type ObservabilityMetrics,
  type ProviderMonitor,
} from '@gatewayz/observability';
import { createProviderHealth, type HealthTransition, visibleStateOf } from '@gatewayz/provider-health';
import type { RedisLink } from '@gatewayz/redis-link';
import { describeError, log } from './log.ts';
import { createProvider, type Provider } from './providers/provider.ts';
import { createSharedBreakers } from './shared-state/share-breakers.ts';
import type { WorkerPlace } from './workers/worker-place.ts';

/** The providers, and those who keep an eye on them. */
export interface ProviderWatch {
  readonly providers: readonly Provider[];
  readonly monitor: ProviderMonitor;
  readonly dashboard: HealthDashboard;
  /** Begins to set the gauges, and to hear of other replicas' breakers. */
  start(): void;
  close(): Promise<void>;
}

/** Opens every configured provider with its health, which monitor, dashboard and log hear of. */
export function createProviderWatch(
  config: Config,
  secrets: Secrets,
  { providers: metrics, inference, money }: Pick<ObservabilityMetrics, 'providers' | 'inference' | 'money'>,
  redis: RedisLink | null,
  place: WorkerPlace | null,
): ProviderWatch {
  const now = (): number => performance.now();
  const onTransition = (transition: HealthTransition): void => {
    watch.monitor.changed(transition);
    watch.dashboard.changed(transition);
    shared?.changed(transition);
    place?.breakerChanged(transition);
    logTransition(transition);
  };
  const providers = config.providers.map((entry) => {
    const health = createProviderHealth({
      provider: entry.name,
      random: Math.random,
      breaker: config.breaker,
      windowMs: config.health.windowMs,
      onTransition,
    });
    return createProvider(entry, {
      apiKey: secrets.providerKeys.get(entry.name) ?? null,
      timeouts: config.timeouts,
      health,
      metrics: metrics.provider(entry.name),
      inference,
      money,
    });
  });
  const healths = providers.map(({ health }) => health);
  place?.followBreakers(healths);
  const shared = redis === null ? null : createSharedBreakers({ redis, providers: healths, now });
  const watch: ProviderWatch = {
    providers,
    monitor: createProviderMonitor({
      providers: healths,
      metrics,
      intervalMs: config.health.monitorIntervalMs,
      now,
      onError: (error, provider) =>
        log('error', 'a provider could not be shown', { provider, ...describeError(error) }),
    }),
    dashboard: createHealthDashboard({ providers, now, epochNow: Date.now }),
    start() {
      watch.monitor.start();
      shared?.start();
    },
    async close() {
      shared?.stop();
      watch.monitor.stop();
      await Promise.all(providers.map((provider) => provider.close()));
    },
  };
  return watch;
}

function logTransition({ provider, model, from, to, reason }: HealthTransition): void {
  const level = visibleStateOf(to) === 'open' ? 'warn' : 'info';
  log(level, 'a circuit breaker changed', { provider, model, from: from.kind, to: to.kind, reason });
}
