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
  /** Hears of every search that could be made: what was found and not accepted is a miss. */
  readonly onLookUp?: (result: 'hit' | 'miss') => void;
  /** Hears how much there is in memory. */
  readonly onSize?: (bytes: number) => void;
}

/** Whether whoever asks may have an answer of that target. */
export type AcceptAnswer = (answer: Pick<CachedAnswer, 'provider' | 'model'>) => boolean;

/** Gives the answer to a plain request again to whoever sends the same one. */
export interface ResponseCache {
  /** The name of a request, or null where its answer is never kept. */
  keyOf(request: CacheableRequest): string | null;
  /**
   * The answer that was kept, where it is accepted: at once in memory, with Redis a promise, which never rejects. A
   * Redis that fails, or is slow, has nothing.
   */
  find(key: string, isAccepted: AcceptAnswer): CachedAnswer | null | Promise<CachedAnswer | null>;
  /** Keeps a whole, successful answer: at once in memory, with Redis a promise, which never rejects. */
  keep(key: string, answer: CachedAnswer): void | Promise<void>;
}

/** Whoever asks may have waited for its limits already, and asks a provider where Redis takes longer. */
const PATIENCE_MS = 50;

/** Creates an empty cache in memory, or takes up the one in Redis. */
export function createResponseCache(options: ResponseCacheOptions): ResponseCache {
  const { redis, scope, maxEntryBytes } = options;
  const store = redis === null ? keepInMemory(options) : keepInRedis(redis, options);
  return {
    keyOf: (request) => toCacheKey(request, scope),
    find: store.find,
    keep(key, answer) {
      return answer.body.length <= maxEntryBytes ? store.keep(key, answer) : undefined;
    },
  };
}

type AnswerStore = Omit<ResponseCache, 'keyOf'>;

function keepInMemory({ maxBytes, ttlMs, now, onLookUp, onSize }: ResponseCacheOptions): AnswerStore {
  const answers = new RecentAnswers(maxBytes);
  return {
    find(key, isAccepted) {
      const found = acceptedOf(answers.get(key, now()), isAccepted);
      onLookUp?.(found === null ? 'miss' : 'hit');
      onSize?.(answers.bytes);
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
    async find(key, isAccepted) {
      const asked = redis.ask('cache_get', (client) => client.getBuffer(toRedisKey(key)));
      const stored = await withinPatience(asked);
      if (stored === null || !stored.ok) return null;
      const found = acceptedOf(stored.value === null ? null : fromStoredAnswer(stored.value), isAccepted);
      onLookUp?.(found === null ? 'miss' : 'hit');
      return found;
    },
    async keep(key, answer) {
      const stored = toStoredAnswer(answer);
      await redis.ask('cache_put', (client) => client.set(toRedisKey(key), stored, 'PX', ttlMs));
    },
  };
}

async function withinPatience<Result>(work: Promise<Result>): Promise<Result | null> {
  const { promise: late, resolve } = Promise.withResolvers<null>();
  const timer = setTimeout(resolve, PATIENCE_MS, null);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function acceptedOf(found: CachedAnswer | null, isAccepted: AcceptAnswer): CachedAnswer | null {
  return found !== null && isAccepted(found) ? found : null;
}

function toRedisKey(key: string): string {
  return `gatewayz:response:${key}`;
}
