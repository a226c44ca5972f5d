/** What is limited: requests or tokens in a minute, or requests at the same time. */
export type LimitType = 'requests' | 'tokens' | 'concurrency';

/** The limits of a user, for all keys together; null is none. */
export interface UserLimits {
  readonly requestsPerMinute: number | null;
  readonly tokensPerMinute: number | null;
}

/** The limits of a key; null is none. */
export interface RateLimits extends UserLimits {
  /** Requests that may be under way at the same time. */
  readonly concurrency: number | null;
}

/** A request with the limits that it is held against, of which there is at least one. */
export interface LimitedRequest {
  readonly keyId: string;
  readonly userId: string;
  readonly ofKey: RateLimits;
  /** Null where nobody is behind the key, or users have no limits. */
  readonly ofUser: UserLimits | null;
}

/** How much of a limit is used in the minute that runs. */
export interface LimitUse {
  readonly limit: number;
  readonly used: number;
  /** Until nothing of it is used. */
  readonly resetMs: number;
}

/** Of a key, and of the user behind it; null where there is no limit. */
export type KeyAndUser = readonly [ofKey: LimitUse | null, ofUser: LimitUse | null];

/** How much of its limits is used when a request has been judged, itself among it where it may go on. */
export interface LimitUses {
  readonly requests: KeyAndUser;
  readonly tokens: KeyAndUser;
}

export type LimitVerdict =
  | { readonly kind: 'admitted'; readonly uses: LimitUses }
  | {
      readonly kind: 'refused';
      readonly type: LimitType;
      readonly retryAfterMs: number;
      readonly uses: LimitUses;
    };

export const MINUTE_MS = 60_000;
/** Nobody knows when a request under way will end. */
const BUSY_RETRY_MS = 1000;

/** The one of which less is left. */
export function tighterOf([one, other]: KeyAndUser): LimitUse | null {
  if (one === null || other === null) return one ?? other;
  return other.limit - other.used < one.limit - one.used ? other : one;
}

export function refuse(
  type: LimitType,
  uses: LimitUses,
  over: readonly (LimitUse | null)[] = [],
): LimitVerdict {
  const retryAfterMs = over.reduce((waitMs, use) => Math.max(waitMs, use?.resetMs ?? 0), 0) || BUSY_RETRY_MS;
  return { kind: 'refused', type, retryAfterMs, uses };
}

/** Whether nothing is left of a limit. */
export function isSpent(use: LimitUse | null): use is LimitUse {
  return use !== null && use.used >= use.limit;
}

/** What the key of a request is counted under. */
export function keyOf({ keyId }: LimitedRequest): string {
  return `key:${keyId}`;
}

/** What the user behind it is counted under. */
export function userOf({ userId }: LimitedRequest): string {
  return `user:${userId}`;
}
