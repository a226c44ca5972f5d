import type { Registry } from '@gatewayz/metrics';
import { createRedisMetrics } from '@gatewayz/observability';
import { createRedisInfoWatch, createRedisLink, type RedisLink } from '@gatewayz/redis-link';

/** The gateway's one connection to Redis, and what is shown of it. */
export interface OpenRedis {
  readonly link: RedisLink;
  /** Begins to ask Redis about itself. */
  start(): void;
  close(): Promise<void>;
}

/** Begins to connect; a Redis that is not there is no fault. Its metrics exist from here on. */
export function openRedis(url: string, registry: Registry): OpenRedis {
  const metrics = createRedisMetrics(registry);
  const link = createRedisLink({ url, onOperation: metrics.operation });
  const info = createRedisInfoWatch({ redis: link, onInfo: metrics.info });
  return {
    link,
    start: () => info.start(),
    async close() {
      info.stop();
      await link.close();
    },
  };
}
