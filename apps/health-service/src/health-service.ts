import type { Config, Secrets } from '@gatewayz/config';
import { createRegistry, registerProcessMetrics } from '@gatewayz/metrics';
import type { Tracing } from '@gatewayz/telemetry';
import { openRedis } from './cache/open-redis.ts';
import { createScheduleLock } from './cache/schedule-lock.ts';
import { createSnapshotCache } from './cache/snapshot-cache.ts';
import { createHealthServiceMetrics } from './health-service-metrics.ts';
import { addIncidentRoutes } from './http/incident-routes.ts';
import { addListRoutes } from './http/list-routes.ts';
import { createServer } from './http/server.ts';
import { addStatusRoutes } from './http/status-routes.ts';
import { addTriggerRoute } from './http/trigger-route.ts';
import { addUptimeRoutes } from './http/uptime-routes.ts';
import { describeError, log } from './log.ts';
import { Monitor } from './monitor/monitor.ts';
import { monitorSettings } from './monitor/monitor-settings.ts';
import { UptimeReader } from './monitor/uptime-reader.ts';
import { openStore, readBudget, readIncidents } from './open-store.ts';

/** A health service that runs. */
export interface HealthService {
  /** The base URL. */
  readonly url: string;
  /** Ends every probe, writes what is not written yet, and closes the port and the store. */
  stop(): Promise<void>;
}

/** Where it listens, and what it is told beside the configuration. */
export interface HealthServiceOptions {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  /** The gateway whose live traffic spares probes; null where there is none. */
  readonly backendUrl: string | null;
  /** Where the spans of probes go; the caller's, who closes it. */
  readonly tracing: Tracing | null;
}

/** Starts the health service. Rejects with a `SqlError`, or where the port cannot be had. */
export async function startHealthService(
  config: Config,
  secrets: Secrets,
  options: HealthServiceOptions,
): Promise<HealthService> {
  const providers = config.providers.map(({ name }) => name);
  const registry = createRegistry();
  const stopProcessMetrics = registerProcessMetrics(registry);
  const metrics = createHealthServiceMetrics(registry, providers, (provider) => monitor.isSpent(provider));
  const store = await openStore(config, secrets, metrics.queryEnded);
  const { redisUrl } = secrets;
  const opened =
    redisUrl === null ? null : await openRedis({ url: redisUrl, onOperation: metrics.redisAnswered });
  const redis = opened?.link ?? null;
  const closeAll = async (): Promise<void> => {
    await store.close();
    await opened?.close();
    stopProcessMetrics();
  };

  const settings = monitorSettings(config);
  const nowEpochMs = Date.now();
  const [stored, budget] = await Promise.all([
    readIncidents(store, nowEpochMs),
    readBudget(store, settings.budget, providers, nowEpochMs),
  ]).catch(async (error: unknown) => {
    await closeAll();
    throw error;
  });
  const cache = createSnapshotCache({ redis });
  const lock = createScheduleLock(redis);
  const { backendUrl, tracing } = options;
  const monitor = new Monitor(config, secrets, {
    settings,
    store,
    stored,
    budget,
    cache,
    lock,
    isShared: redis !== null,
    metrics,
    backendUrl,
    tracing,
  });

  const server = createServer((error) => log('error', 'a request failed', describeError(error)));
  addStatusRoutes(server, {
    views: monitor.views,
    cache,
    registry,
    intervalMs: config.healthService.intervals.criticalMs,
    status: () => monitor.status(),
    isMonitoring: () => monitor.isMonitoring(),
  });
  addListRoutes(server, cache, monitor.publisher);
  addIncidentRoutes(server, {
    store,
    views: monitor.views,
    adminToken: secrets.adminToken,
    active: monitor.book.incidents,
    acknowledge: (id, by) => monitor.acknowledge(id, by),
  });
  addUptimeRoutes(server, new UptimeReader(store, config.providers));
  addTriggerRoute(server, secrets.adminToken, (command) => monitor.trigger(command));

  try {
    await monitor.publisher.publish();
    const url = await server.listen({ host: options.host, port: options.port });
    monitor.start();
    const stop = async (): Promise<void> => {
      await monitor.stop();
      await server.close();
      await closeAll();
    };
    return { url, stop };
  } catch (error) {
    await monitor.stop();
    await closeAll();
    throw error;
  }
}
