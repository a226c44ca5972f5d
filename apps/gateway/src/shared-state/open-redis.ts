import type { Registry } from '@gatewayz/metrics';
import { createRedisMetrics } from '@gatewayz/observability';
import {
  createRedisInfoWatch,
  createRedisLink,
  createRedisOutages,
  type RedisLink,
} from '@gatewayz/redis-link';
import { log } from '../log.ts';

/** The gateway's one connection to Redis, and what is shown of it. */
export interface OpenRedis {
  readonly link: RedisLink;
  /** Begins to ask Redis about itself. */
  start(): void;
  close(): Promise<void>;
}

/**
 * Begins to connect; a Redis that is not there is no fault, but each outage has one line in the log, and its end has
 * one. Its metrics exist from here on.
 */
export function openRedis(url: string, registry: Registry): OpenRedis {
  const metrics = createRedisMetrics(registry);
  const link = createRedisLink({
    url,
    onOperation(event) {
      metrics.operation(event);
      outages.note(event);
    },
  });
  const outages = createRedisOutages({
    redis: link,
    onOutage: (reason) => log('warn', 'Redis is away: this process goes on by itself', { reason }),
    onRecovery: (outageMs) => log('info', 'Redis is back', { away_ms: Math.round(outageMs) }),
  });
  const info = createRedisInfoWatch({ redis: link, onInfo: metrics.info });
  return {
    link,
    start: () => info.start(),
    async close() {
      info.stop();
      outages.stop();
      await link.close();
    },
  };
}
