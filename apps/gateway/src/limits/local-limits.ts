import { LocalWindows } from './local-windows.ts';
import {
  isSpent,
  keyOf,
  type LimitedRequest,
  type LimitUses,
  type LimitVerdict,
  MINUTE_MS,
  refuse,
  userOf,
} from './rate-limits.ts';

/** Holds requests against their limits in the memory of this process, without waiting. What is refused counts for nothing. */
export class LocalLimits {
  readonly #now: () => number;
  readonly #requests = new LocalWindows();
  readonly #tokens = new LocalWindows();
  readonly #underWay = new Map<string, number>();
  #sweepAtMs = Number.NEGATIVE_INFINITY;

  constructor(now: () => number) {
    this.#now = now;
  }

  admit(request: LimitedRequest): LimitVerdict {
    const nowMs = this.#sweptNow();
    const { keyId, ofKey } = request;
    const uses: LimitUses = {
      requests: this.#count(this.#requests, request, 'requestsPerMinute', nowMs, 0),
      tokens: this.#count(this.#tokens, request, 'tokensPerMinute', nowMs, 0),
    };
    if (ofKey.concurrency !== null && this.#underWayOf(keyId) >= ofKey.concurrency) {
      return refuse('concurrency', uses);
    }
    if (uses.tokens.some(isSpent)) return refuse('tokens', uses, uses.tokens.filter(isSpent));
    if (uses.requests.some(isSpent)) return refuse('requests', uses, uses.requests.filter(isSpent));
    this.#begin(request);
    const requests = this.#count(this.#requests, request, 'requestsPerMinute', nowMs, 1);
    return { kind: 'admitted', uses: { ...uses, requests } };
  }

  /** Has a request under way that was admitted elsewhere, and goes on from what was counted there. */
  follow(request: LimitedRequest, { requests, tokens }: LimitUses): void {
    const nowMs = this.#sweptNow();
    this.#begin(request);
    const [key, user] = [keyOf(request), userOf(request)];
    this.#requests.set(key, requests[0], nowMs);
    this.#requests.set(user, requests[1], nowMs);
    this.#tokens.set(key, tokens[0], nowMs);
    this.#tokens.set(user, tokens[1], nowMs);
  }

  /** Ends a request that was admitted here or is followed, and counts its tokens in the minute that runs. */
  end(request: LimitedRequest, tokens: number): void {
    if (tokens > 0) this.#count(this.#tokens, request, 'tokensPerMinute', this.#now(), tokens);
    if (request.ofKey.concurrency === null) return;
    const left = this.#underWayOf(request.keyId) - 1;
    if (left > 0) this.#underWay.set(request.keyId, left);
    else this.#underWay.delete(request.keyId);
  }

  /** How many minutes and requests under way there are to remember. */
  get size(): number {
    return this.#requests.size + this.#tokens.size + this.#underWay.size;
  }

  #begin({ keyId, ofKey }: LimitedRequest): void {
    if (ofKey.concurrency !== null) this.#underWay.set(keyId, this.#underWayOf(keyId) + 1);
  }

  #underWayOf(keyId: string): number {
    return this.#underWay.get(keyId) ?? 0;
  }

  #count(
    windows: LocalWindows,
    request: LimitedRequest,
    kind: 'requestsPerMinute' | 'tokensPerMinute',
    nowMs: number,
    more: number,
  ): LimitUses['requests'] {
    const { ofKey, ofUser } = request;
    return [
      windows.count(keyOf(request), ofKey[kind], nowMs, more),
      windows.count(userOf(request), ofUser?.[kind] ?? null, nowMs, more),
    ];
  }

  #sweptNow(): number {
    const nowMs = this.#now();
    if (nowMs >= this.#sweepAtMs) {
      this.#sweepAtMs = nowMs + MINUTE_MS;
      this.#requests.sweep(nowMs);
      this.#tokens.sweep(nowMs);
    }
    return nowMs;
  }
}
