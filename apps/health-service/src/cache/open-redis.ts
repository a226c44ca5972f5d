import type { RedisEvent, RedisLink } from '@gatewayz/redis-link';
import { log } from '../log.ts';

export interface OpenRedisOptions {
  readonly url: string;
  /** Hears of every operation. */
  readonly onOperation: (event: RedisEvent) => void;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

/** The health service's one connection to Redis. */
export interface OpenRedis {
  readonly link: RedisLink;
  close(): Promise<void>;
}

/**
 * Loads the driver and begins to connect; a Redis that is not there is no fault, but each outage has one line in the
 * log, and its end has one.
 */
export async function openRedis({
  url,
  onOperation,
  now = () => performance.now(),
}: OpenRedisOptions): Promise<OpenRedis> {
  const { createRedisLink, createRedisOutages } = await import('@gatewayz/redis-link');
  const link = createRedisLink({
    url,
    now,
    onOperation(event) {
      onOperation(event);
      outages.note(event);
    },
  });
  const outages = createRedisOutages({
    redis: link,
    now,
    onOutage: (reason) => log('warn', 'Redis is away: the health service goes on by itself', { reason }),
    onRecovery: (outageMs) =>
      log('info', 'Redis is back for the health service', { away_ms: Math.round(outageMs) }),
  });
  return {
    link,
    async close() {
      outages.stop();
      await link.close();
    },
  };
}
