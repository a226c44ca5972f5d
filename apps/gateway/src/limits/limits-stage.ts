import { setTimeout as wait } from 'node:timers/promises';
import {
  createRedisLink,
  type RedisEvent,
  type RedisLink,
  type RedisLinkOptions,
} from '@gatewayz/redis-link';
import { type Admission, createLimits, type LimitLease, type Limits, type LimitsOptions } from './limits.ts';
import type { RateLimits } from './rate-limits.ts';

export const NONE: RateLimits = { requestsPerMinute: null, tokensPerMinute: null, concurrency: null };
export const ANN = { keyId: 'laptop', userId: 'ann' };

/** One replica's limits on a Redis, and what its link was asked. */
export interface Replica extends AsyncDisposable {
  readonly limits: Limits;
  readonly link: RedisLink;
  readonly events: RedisEvent[];
  /** So many requests at the same time. */
  admit(count: number, caller?: typeof ANN): Promise<readonly Admission[]>;
  isUp(): Promise<void>;
}

export function createReplica(
  url: string,
  options: Partial<LimitsOptions>,
  linkOptions: Partial<RedisLinkOptions> = {},
): Replica {
  const events: RedisEvent[] = [];
  const link = createRedisLink({
    url,
    holdOffMs: 100,
    onOperation: (event) => events.push(event),
    ...linkOptions,
  });
  const limits = createLimits({
    ofKeys: NONE,
    ofUsers: { requestsPerMinute: null, tokensPerMinute: null },
    redis: link,
    leaseMs: 15_000,
    now: () => performance.now(),
    ...options,
  });
  return {
    limits,
    link,
    events,
    admit: (count, caller = ANN) =>
      Promise.all(Array.from({ length: count }, () => limits.admit(caller, null))),
    isUp: async () => {
      while (!(await link.ask('test', (client) => client.ping())).ok) await wait(20);
    },
    async [Symbol.asyncDispose]() {
      limits.close();
      await link.close();
    },
  };
}

export function admittedOf(admissions: readonly Admission[]): readonly LimitLease[] {
  return admissions.flatMap((admission) => (admission.ok ? [admission.lease] : []));
}

export function refusalsOf(admissions: readonly Admission[]): readonly string[] {
  return admissions.flatMap((admission) => (admission.ok ? [] : [admission.type]));
}
