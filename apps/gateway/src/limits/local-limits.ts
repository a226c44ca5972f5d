import {
  isSpent,
  type LimitedRequest,
  type LimitUse,
  type LimitVerdict,
  MINUTE_MS,
  refuse,
  tighterOf,
  toLimitUse,
} from './rate-limits.ts';

interface Minute {
  readonly endsAtMs: number;
  requests: number;
  tokens: number;
}

/**
 * Holds requests against their limits in the memory of this process, without waiting. A minute begins with the first
 * request after the last one; what is refused counts for nothing.
 */
export class LocalLimits {
  readonly #now: () => number;
  readonly #ofKeys = new Map<string, Minute>();
  readonly #ofUsers = new Map<string, Minute>();
  readonly #underWay = new Map<string, number>();
  #sweepAtMs = Number.NEGATIVE_INFINITY;

  constructor(now: () => number) {
    this.#now = now;
  }

  admit(request: LimitedRequest): LimitVerdict {
    const nowMs = this.#now();
    this.#sweep(nowMs);
    const { keyId, userId, ofKey, ofUser } = request;
    const key = minuteOf(this.#ofKeys, keyId, nowMs);
    const user = ofUser === null ? null : minuteOf(this.#ofUsers, userId, nowMs);
    const requests = (): [LimitUse | null, LimitUse | null] => [
      toLimitUse(ofKey.requestsPerMinute, key.requests, key.endsAtMs - nowMs),
      user && toLimitUse(ofUser?.requestsPerMinute, user.requests, user.endsAtMs - nowMs),
    ];
    const tokens: [LimitUse | null, LimitUse | null] = [
      toLimitUse(ofKey.tokensPerMinute, key.tokens, key.endsAtMs - nowMs),
      user && toLimitUse(ofUser?.tokensPerMinute, user.tokens, user.endsAtMs - nowMs),
    ];
    const before = requests();
    const standing = { requests: tighterOf(...before), tokens: tighterOf(...tokens) };
    const underWay = this.#underWay.get(keyId) ?? 0;
    if (ofKey.concurrency !== null && underWay >= ofKey.concurrency) return refuse('concurrency', standing);
    if (tokens.some(isSpent)) return refuse('tokens', standing, tokens.filter(isSpent));
    if (before.some(isSpent)) return refuse('requests', standing, before.filter(isSpent));
    key.requests += 1;
    if (user !== null) user.requests += 1;
    if (ofKey.concurrency !== null) this.#underWay.set(keyId, underWay + 1);
    return { kind: 'admitted', standing: { ...standing, requests: tighterOf(...requests()) } };
  }

  /** Ends a request that was admitted here. */
  end(request: LimitedRequest, tokens: number): void {
    this.countTokens(request, tokens);
    if (request.ofKey.concurrency === null) return;
    const left = (this.#underWay.get(request.keyId) ?? 1) - 1;
    if (left > 0) this.#underWay.set(request.keyId, left);
    else this.#underWay.delete(request.keyId);
  }

  /** Counts tokens of a request in the minute that runs. */
  countTokens({ keyId, userId, ofUser }: LimitedRequest, tokens: number): void {
    if (tokens === 0) return;
    const nowMs = this.#now();
    minuteOf(this.#ofKeys, keyId, nowMs).tokens += tokens;
    if (ofUser !== null) minuteOf(this.#ofUsers, userId, nowMs).tokens += tokens;
  }

  /** How many keys and users there is something to remember of. */
  get size(): number {
    return this.#ofKeys.size + this.#ofUsers.size + this.#underWay.size;
  }

  #sweep(nowMs: number): void {
    if (nowMs < this.#sweepAtMs) return;
    this.#sweepAtMs = nowMs + MINUTE_MS;
    for (const minutes of [this.#ofKeys, this.#ofUsers]) {
      for (const [id, { endsAtMs }] of minutes) if (nowMs >= endsAtMs) minutes.delete(id);
    }
  }
}

function minuteOf(minutes: Map<string, Minute>, id: string, nowMs: number): Minute {
  const running = minutes.get(id);
  if (running !== undefined && nowMs < running.endsAtMs) return running;
  const minute = { endsAtMs: nowMs + MINUTE_MS, requests: 0, tokens: 0 };
  minutes.set(id, minute);
  return minute;
}
