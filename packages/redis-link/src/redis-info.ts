import type { RedisLink } from './redis-link.ts';

/** What Redis says of itself; null is what it did not say. */
export interface RedisInfo {
  readonly memoryUsedBytes: number | null;
  /** 0 where there is no limit. */
  readonly memoryMaxBytes: number | null;
  readonly connectedClients: number | null;
  /** Since Redis started, as the ones that follow. */
  readonly keyspaceHits: number | null;
  readonly keyspaceMisses: number | null;
  readonly expiredKeys: number | null;
  readonly evictedKeys: number | null;
}

/** Reads the text that Redis answers to `INFO`. */
export function readRedisInfo(text: string): RedisInfo {
  const fields = new Map(
    text.split('\r\n').map((line) => {
      const [name = '', value = ''] = line.split(':', 2);
      return [name, value];
    }),
  );
  const numberOf = (name: string): number | null => {
    const value = fields.get(name);
    return value !== undefined && /^\d+$/.test(value) ? Number(value) : null;
  };
  return {
    memoryUsedBytes: numberOf('used_memory'),
    memoryMaxBytes: numberOf('maxmemory'),
    connectedClients: numberOf('connected_clients'),
    keyspaceHits: numberOf('keyspace_hits'),
    keyspaceMisses: numberOf('keyspace_misses'),
    expiredKeys: numberOf('expired_keys'),
    evictedKeys: numberOf('evicted_keys'),
  };
}

export interface RedisInfoWatchOptions {
  readonly redis: RedisLink;
  /** Hears of every reading; null where Redis did not answer. */
  readonly onInfo: (info: RedisInfo | null) => void;
  /** Default 15,000 ms. */
  readonly intervalMs?: number;
}

/** Asks Redis about itself again and again, and within a second when it goes away or comes back. */
export interface RedisInfoWatch {
  /** Asks at once, and from then on. */
  start(): void;
  stop(): void;
  /** Asks now. */
  read(): Promise<void>;
}

const DEFAULT_INTERVAL_MS = 15_000;
const MAX_CHECK_MS = 1000;

/** Creates a watch that does nothing until it is started. */
export function createRedisInfoWatch(options: RedisInfoWatchOptions): RedisInfoWatch {
  const { redis, onInfo, intervalMs = DEFAULT_INTERVAL_MS } = options;
  const checkMs = Math.min(MAX_CHECK_MS, intervalMs);
  let timer: NodeJS.Timeout | null = null;
  let isReading = false;
  let wasAvailable = false;
  let checksLeft = 0;
  const read = async (): Promise<void> => {
    const answer = await redis.ask('info', (client) => client.info());
    onInfo(answer.ok ? readRedisInfo(answer.value) : null);
  };
  const check = async (): Promise<void> => {
    checksLeft -= 1;
    if (isReading || (checksLeft > 0 && redis.isAvailable() === wasAvailable)) return;
    isReading = true;
    await read();
    isReading = false;
    wasAvailable = redis.isAvailable();
    checksLeft = intervalMs / checkMs;
  };
  return {
    start() {
      if (timer !== null) return;
      timer = setInterval(() => void check(), checkMs).unref();
      void check();
    },
    stop() {
      if (timer !== null) clearInterval(timer);
      timer = null;
    },
    read,
  };
}
