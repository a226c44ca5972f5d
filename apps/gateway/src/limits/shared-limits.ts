import type { RedisClient, RedisLink } from '@gatewayz/redis-link';
import {
  isSpent,
  keyOf,
  type LimitedRequest,
  type LimitUse,
  type LimitUses,
  type LimitVerdict,
  refuse,
  userOf,
} from './rate-limits.ts';
import { RedisWindows } from './redis-windows.ts';
import { SharedLeases } from './shared-leases.ts';

const NOTHING_KNOWN: LimitUses = { requests: [null, null], tokens: [null, null] };

/**
 * Holds requests against limits that all replicas share. First a place among those under way is taken, then the key's
 * minute counts, then the user's: what a request has taken before it is refused, it takes from nobody who would
 * have been admitted.
 */
export class SharedLimits {
  readonly #redis: RedisLink;
  readonly #leases: SharedLeases;
  #windows: RedisWindows | null = null;

  constructor(redis: RedisLink, now: () => number, leaseMs: number) {
    this.#redis = redis;
    this.#leases = new SharedLeases(redis, now, leaseMs);
  }

  /** Null where Redis did not say in time. */
  async admit(request: LimitedRequest, lease: string): Promise<LimitVerdict | null> {
    const answer = await this.#redis.ask('limit', (client) => this.#admit(client, request, lease));
    return answer.ok ? answer.value : null;
  }

  /** Ends a request, also one of which it is not known whether it was admitted. */
  async end(request: LimitedRequest, lease: string, tokens: number): Promise<void> {
    const { keyId, ofKey, ofUser } = request;
    const hasPlace = ofKey.concurrency !== null;
    const isCounted = tokens > 0 && (ofKey.tokensPerMinute ?? ofUser?.tokensPerMinute ?? null) !== null;
    if (!hasPlace && !isCounted) return;
    const answer = await this.#redis.ask('limit_end', (client) =>
      Promise.all([
        hasPlace ? this.#leases.giveBack(client, keyId, lease) : null,
        isCounted ? this.#countTokens(client, request, tokens) : null,
      ]),
    );
    if (!answer.ok && hasPlace) this.#leases.notHeard(keyId, lease);
  }

  close(): void {
    this.#leases.close();
  }

  async #admit(client: RedisClient, request: LimitedRequest, lease: string): Promise<LimitVerdict> {
    const { keyId, ofKey } = request;
    if (ofKey.concurrency === null) return this.#count(client, request);
    const hasPlace = await this.#leases.take(client, keyId, lease, ofKey.concurrency);
    if (!hasPlace) return refuse('concurrency', NOTHING_KNOWN);
    const verdict = await this.#count(client, request);
    if (verdict.kind === 'refused') await this.#leases.giveBack(client, keyId, lease);
    return verdict;
  }

  async #count(client: RedisClient, request: LimitedRequest): Promise<LimitVerdict> {
    const { ofKey, ofUser } = request;
    const [key, user] = [keyOf(request), userOf(request)];
    const windows = this.#windowsOf(client);
    const [ofKeyTokens, ofUserTokens, ofKeyRequests] = await Promise.all([
      windows.readTokens(key, ofKey.tokensPerMinute),
      windows.readTokens(user, ofUser?.tokensPerMinute ?? null),
      windows.countRequest(key, ofKey.requestsPerMinute),
    ]);
    const uses: LimitUses = { requests: [ofKeyRequests, null], tokens: [ofKeyTokens, ofUserTokens] };
    const takeBack = (): Promise<void> => windows.takeBackRequest(key, ofKey.requestsPerMinute);
    if (uses.tokens.some(isSpent)) {
      await takeBack();
      return refuse('tokens', uses, uses.tokens.filter(isSpent));
    }
    if (isOver(ofKeyRequests)) {
      await takeBack();
      return refuse('requests', uses, [ofKeyRequests]);
    }
    const ofUserRequests = await windows.countRequest(user, ofUser?.requestsPerMinute ?? null);
    const all: LimitUses = { ...uses, requests: [ofKeyRequests, ofUserRequests] };
    if (!isOver(ofUserRequests)) return { kind: 'admitted', uses: all };
    await Promise.all([takeBack(), windows.takeBackRequest(user, ofUserRequests.limit)]);
    return refuse('requests', all, [ofUserRequests]);
  }

  async #countTokens(client: RedisClient, request: LimitedRequest, tokens: number): Promise<void> {
    const windows = this.#windowsOf(client);
    await Promise.all([
      windows.countTokens(keyOf(request), request.ofKey.tokensPerMinute, tokens),
      windows.countTokens(userOf(request), request.ofUser?.tokensPerMinute ?? null, tokens),
    ]);
  }

  #windowsOf(client: RedisClient): RedisWindows {
    this.#windows ??= new RedisWindows(client);
    return this.#windows;
  }
}

/** Whether the request that was counted last is one too many. */
function isOver(use: LimitUse | null): use is LimitUse {
  return use !== null && use.used > use.limit;
}
