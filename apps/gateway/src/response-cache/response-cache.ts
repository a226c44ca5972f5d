import type { RedisLink } from '@gatewayz/redis-link';
import { type CacheableRequest, type CacheScope, toCacheKey } from './cache-key.ts';
import { type CachedAnswer, fromStoredAnswer, toStoredAnswer } from './cached-answer.ts';
import { RecentAnswers } from './recent-answers.ts';

export interface ResponseCacheOptions {
  readonly scope: CacheScope;
  /** How long an answer is given again. */
  readonly ttlMs: number;
  /** Longer answers are not kept. */
  readonly maxEntryBytes: number;
  /** Of all answers in memory; in Redis its own `maxmemory` decides. */
  readonly maxBytes: number;
  /** Where replicas share answers; null: each keeps its own in memory. The link stays the caller's. */
  readonly redis: RedisLink | null;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Hears of every search that could be made. */
  readonly onLookUp?: (result: 'hit' | 'miss') => void;
  /** Hears how much there is in memory. */
  readonly onSize?: (bytes: number) => void;
}

/** Gives the answer to a plain request again to whoever sends the same one. */
export interface ResponseCache {
  /** The name of a request, or null where its answer is never kept. */
  keyOf(request: CacheableRequest): string | null;
  /** At once in memory, with Redis a promise, which never rejects: a Redis that fails has nothing. */
  find(key: string): CachedAnswer | null | Promise<CachedAnswer | null>;
  /** Keeps a whole, successful answer; waits for nothing. */
  keep(key: string, answer: CachedAnswer): void;
}

/** Creates an empty cache in memory, or takes up the one in Redis. */
export function createResponseCache(options: ResponseCacheOptions): ResponseCache {
  const { redis, scope, maxEntryBytes } = options;
  const store = redis === null ? keepInMemory(options) : keepInRedis(redis, options);
  return {
    keyOf: (request) => toCacheKey(request, scope),
    find: store.find,
    keep(key, answer) {
      if (answer.body.length <= maxEntryBytes) store.keep(key, answer);
    },
  };
}

type AnswerStore = Omit<ResponseCache, 'keyOf'>;

function keepInMemory({ maxBytes, ttlMs, now, onLookUp, onSize }: ResponseCacheOptions): AnswerStore {
  const answers = new RecentAnswers(maxBytes);
  return {
    find(key) {
      const found = answers.get(key, now());
      onLookUp?.(found === null ? 'miss' : 'hit');
      return found;
    },
    keep(key, answer) {
      answers.set(key, answer, now() + ttlMs);
      onSize?.(answers.bytes);
    },
  };
}

function keepInRedis(redis: RedisLink, { ttlMs, onLookUp }: ResponseCacheOptions): AnswerStore {
  return {
    async find(key) {
      const stored = await redis.ask('cache_get', (client) => client.getBuffer(toRedisKey(key)));
      if (!stored.ok) return null;
      const found = stored.value === null ? null : fromStoredAnswer(stored.value);
      onLookUp?.(found === null ? 'miss' : 'hit');
      return found;
    },
    keep(key, answer) {
      const stored = toStoredAnswer(answer);
      void redis.ask('cache_put', (client) => client.set(toRedisKey(key), stored, 'PX', ttlMs));
    },
  };
}

function toRedisKey(key: string): string {
  return `gatewayz:response:${key}`;
}
