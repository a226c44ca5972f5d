import { randomUUID } from 'node:crypto';
import type { RedisLink } from '@gatewayz/redis-link';
import { toLimitHeaders } from './limit-headers.ts';
import { LocalLimits } from './local-limits.ts';
import type { LimitedRequest, LimitType, LimitVerdict, RateLimits, UserLimits } from './rate-limits.ts';
import { SharedLimits } from './shared-limits.ts';

/** A request that may go on. */
export interface LimitLease {
  /** Where the key stands, as OpenAI's headers tell it: names and values in turn, empty where there is no limit. */
  readonly headers: readonly string[];
  /** Gives the place back and counts the tokens of the request; a second call does nothing. */
  end(tokens: number): void;
}

export type Admission =
  | { readonly ok: true; readonly lease: LimitLease }
  | {
      readonly ok: false;
      readonly type: LimitType;
      readonly retryAfterMs: number;
      /** As those of a lease, and `retry-after`. */
      readonly headers: readonly string[];
    };

export interface LimitsOptions {
  /** Of keys that have no limit of their own, kind by kind. */
  readonly ofKeys: RateLimits;
  readonly ofUsers: UserLimits;
  /** Where replicas count together; null: each counts for itself. The link stays the caller's. */
  readonly redis: RedisLink | null;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** How long the places of a process that was killed stay taken in Redis. */
  readonly leaseMs: number;
}

/** Requests and tokens per minute of keys and users, and how many requests a key may have under way. */
export interface Limits {
  /**
   * Whether a request may go on: at once in memory, and at once where it has no limit. With Redis a promise, which
   * never rejects; while Redis fails, this process counts for itself, from what Redis last said. Tokens count when a
   * request ends: a key that has used up its minute is refused before. A `userId` of '' is nobody.
   */
  admit(
    caller: { readonly keyId: string; readonly userId: string },
    own: RateLimits | null,
  ): Admission | Promise<Admission>;
  close(): void;
}

/** More in one request is nobody's doing; sums of it stay exact. */
const MAX_TOKENS = 1_000_000_000;
const UNLIMITED: Admission = { ok: true, lease: { headers: [], end: () => {} } };

export function createLimits(options: LimitsOptions): Limits {
  const { ofKeys, ofUsers, redis, now, leaseMs } = options;
  const local = new LocalLimits(now);
  const shared = redis === null ? null : new SharedLimits(redis, now, leaseMs);
  const hasUserLimit = ofUsers.requestsPerMinute !== null || ofUsers.tokensPerMinute !== null;
  return {
    admit({ keyId, userId }, own) {
      const ofUser = hasUserLimit && userId !== '' ? ofUsers : null;
      const requestsPerMinute = own?.requestsPerMinute ?? ofKeys.requestsPerMinute;
      const tokensPerMinute = own?.tokensPerMinute ?? ofKeys.tokensPerMinute;
      const concurrency = own?.concurrency ?? ofKeys.concurrency;
      if (ofUser === null && requestsPerMinute === null && tokensPerMinute === null && concurrency === null) {
        return UNLIMITED;
      }
      const ofKey = { requestsPerMinute, tokensPerMinute, concurrency };
      const request: LimitedRequest = { keyId, userId, ofKey, ofUser };
      return shared === null ? admitLocally(local, request) : admitTogether(local, shared, request);
    },
    close: () => shared?.close(),
  };
}

function admitLocally(local: LocalLimits, request: LimitedRequest): Admission {
  return toAdmission(local.admit(request), (tokens) => local.end(request, tokens));
}

async function admitTogether(
  local: LocalLimits,
  shared: SharedLimits,
  request: LimitedRequest,
): Promise<Admission> {
  const lease = randomUUID();
  const together = await shared.admit(request, lease);
  const verdict = together ?? local.admit(request);
  // Redis may have done what it was asked and not said so in time: it is told of every end.
  if (together === null && verdict.kind === 'refused') void shared.end(request, lease, 0);
  if (together?.kind === 'admitted') local.follow(request, together.uses);
  return toAdmission(verdict, (tokens) => {
    local.end(request, tokens);
    void shared.end(request, lease, tokens);
  });
}

function toAdmission(verdict: LimitVerdict, end: (tokens: number) => void): Admission {
  const headers = toLimitHeaders(verdict);
  if (verdict.kind === 'refused') {
    const { type, retryAfterMs } = verdict;
    return { ok: false, type, retryAfterMs, headers };
  }
  let isOver = false;
  return {
    ok: true,
    lease: {
      headers,
      end(tokens) {
        if (isOver) return;
        isOver = true;
        end(toCount(tokens));
      },
    },
  };
}

/** Providers' numbers: what is no count is none. */
function toCount(tokens: number): number {
  return Number.isFinite(tokens) ? Math.min(Math.max(0, Math.round(tokens)), MAX_TOKENS) : 0;
}
