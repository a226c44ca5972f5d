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

/** Where a key stands, or its user where that is closer to the limit; null where there is no limit. */
export interface Standing {
  readonly requests: LimitUse | null;
  readonly tokens: LimitUse | null;
}

export type LimitVerdict =
  | { readonly kind: 'admitted'; readonly standing: Standing }
  | {
      readonly kind: 'refused';
      readonly type: LimitType;
      readonly retryAfterMs: number;
      readonly standing: Standing;
    };

export const MINUTE_MS = 60_000;
/** Nobody knows when a request under way will end. */
const BUSY_RETRY_MS = 1000;

export function toLimitUse(limit: number | null | undefined, used: number, resetMs: number): LimitUse | null {
  return limit === null || limit === undefined ? null : { limit, used, resetMs };
}

/** The one of which less is left. */
export function tighterOf(one: LimitUse | null, other: LimitUse | null): LimitUse | null {
  if (one === null || other === null) return one ?? other;
  return other.limit - other.used < one.limit - one.used ? other : one;
}

export function refuse(
  type: LimitType,
  standing: Standing,
  over: readonly (LimitUse | null)[] = [],
): LimitVerdict {
  const retryAfterMs = over.reduce((waitMs, use) => Math.max(waitMs, use?.resetMs ?? 0), 0) || BUSY_RETRY_MS;
  return { kind: 'refused', type, retryAfterMs, standing };
}

/** Whether nothing is left of a limit. */
export function isSpent(use: LimitUse | null): use is LimitUse {
  return use !== null && use.used >= use.limit;
}
