import type { RedisClient } from '@gatewayz/redis-link';
import { RateLimiterRedis, type RateLimiterRes } from 'rate-limiter-flexible';
import { type LimitUse, MINUTE_MS } from './rate-limits.ts';

/** What keys and users have used in the minute that runs, in Redis. Every method rejects where Redis fails. */
export class RedisWindows {
  readonly #requests: RateLimiterRedis;
  readonly #tokens: RateLimiterRedis;

  constructor(client: RedisClient) {
    const create = (name: string): RateLimiterRedis =>
      new RateLimiterRedis({
        storeClient: client,
        keyPrefix: `gatewayz:limit:${name}`,
        duration: MINUTE_MS / 1000,
        // Every key has a limit of its own, which its count is held against here.
        points: Number.MAX_SAFE_INTEGER,
      });
    this.#requests = create('requests');
    this.#tokens = create('tokens');
  }

  /** Counts a request; null where there is no limit. */
  async countRequest(subject: string, limit: number | null): Promise<LimitUse | null> {
    return limit === null ? null : toUse(limit, await this.#requests.penalty(subject));
  }

  async takeBackRequest(subject: string, limit: number | null): Promise<void> {
    if (limit !== null) await this.#requests.reward(subject);
  }

  async countTokens(subject: string, limit: number | null, tokens: number): Promise<void> {
    if (limit !== null && tokens > 0) await this.#tokens.penalty(subject, tokens);
  }

  async readTokens(subject: string, limit: number | null): Promise<LimitUse | null> {
    // One command, where the library's `get` is four.
    return limit === null ? null : toUse(limit, await this.#tokens.penalty(subject, 0));
  }
}

function toUse(limit: number, { consumedPoints, msBeforeNext }: RateLimiterRes): LimitUse {
  return { limit, used: consumedPoints, resetMs: Math.max(0, msBeforeNext) };
}
