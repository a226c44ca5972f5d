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

/** Asks Redis about itself again and again. */
export interface RedisInfoWatch {
  /** Asks at once, and from then on. */
  start(): void;
  stop(): void;
  /** Asks now. */
  read(): Promise<void>;
}

const DEFAULT_INTERVAL_MS = 15_000;
/** The first connection may still be on its way when the watch starts. */
const FIRST_RETRY_MS = 500;

/** Creates a watch that does nothing until it is started. */
export function createRedisInfoWatch(options: RedisInfoWatchOptions): RedisInfoWatch {
  const { redis, onInfo, intervalMs = DEFAULT_INTERVAL_MS } = options;
  let timer: NodeJS.Timeout | null = null;
  let isStopped = true;
  const read = async (): Promise<boolean> => {
    const answer = await redis.ask('info', (client) => client.info());
    onInfo(answer.ok ? readRedisInfo(answer.value) : null);
    return answer.ok;
  };
  const next = async (isFirst: boolean): Promise<void> => {
    const isUp = await read();
    if (isStopped) return;
    const waitMs = isFirst && !isUp ? Math.min(FIRST_RETRY_MS, intervalMs) : intervalMs;
    timer = setTimeout(() => void next(false), waitMs).unref();
  };
  return {
    start() {
      if (!isStopped) return;
      isStopped = false;
      void next(true);
    },
    stop() {
      isStopped = true;
      if (timer !== null) clearTimeout(timer);
    },
    read: async () => void (await read()),
  };
}
