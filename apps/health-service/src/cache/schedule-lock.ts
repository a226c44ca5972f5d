import { randomUUID } from 'node:crypto';
import type { RedisLink } from '@gatewayz/redis-link';
import { PUT_VERDICT_SCRIPT, READ_VERDICTS_SCRIPT, RELEASE_SCRIPT } from './schedule-scripts.ts';

/** The right to do something that no other replica does meanwhile; it ends by itself after its time. */
export interface Lease {
  /** `local` where Redis could not be asked: another replica may do the same. */
  readonly scope: 'shared' | 'local';
  /** Gives it back early; false where it had ended, or Redis did not hear it and lets it end by itself. */
  release(): Promise<boolean>;
}

/** Where the next reading begins. */
export type VerdictCursor = string;

export interface VerdictPage {
  /** JSON by the key it was put under, the ones of this replica included; oldest first, 1,000 at the most. */
  readonly verdicts: ReadonlyMap<string, string>;
  readonly cursor: VerdictCursor;
}

/**
 * One schedule for all replicas: who probes, and what the others take over. Without Redis, or while it is away, every
 * lease is granted and no verdict is heard: probing twice is better than not at all. No method rejects, and none
 * takes longer than Redis's command timeout.
 */
export interface ScheduleLock {
  /** Null where another replica holds it. */
  tryLock(key: string, ttlMs: number): Promise<Lease | null>;
  /** Tells the other replicas; false where they do not hear it. */
  putVerdict(key: string, json: string, ttlMs: number): Promise<boolean>;
  /** What has been put after the cursor and has not ended; without a cursor, from the beginning. */
  verdicts(after?: VerdictCursor): Promise<VerdictPage>;
}

const VERDICTS_KEY = 'gatewayz:{verdicts}:by-target';
const ORDER_KEY = 'gatewayz:{verdicts}:order';
const ENDS_KEY = 'gatewayz:{verdicts}:ends';
const PAGE_SIZE = 1000;
/** Nothing stays behind for longer in a Redis that no replica uses any more. */
const KEPT_MS = 24 * 3_600_000;

type RawPage = [cursor: string, nowMs: string, keys: string[], values: (string | null)[]];

function toPage([cursor, nowMs, keys, values]: RawPage): VerdictPage {
  const verdicts = new Map<string, string>();
  keys.forEach((key, index) => {
    const value = values[index] ?? '';
    const space = value.indexOf(' ');
    if (Number(value.slice(0, space)) > Number(nowMs)) verdicts.set(key, value.slice(space + 1));
  });
  return { verdicts, cursor };
}

async function release(redis: RedisLink, lockKey: string, token: string): Promise<boolean> {
  const answer = await redis.ask('release', (client) => client.eval(RELEASE_SCRIPT, 1, lockKey, token));
  return answer.ok && answer.value === 1;
}

function createSharedLock(redis: RedisLink): ScheduleLock {
  return {
    tryLock: async (key, ttlMs) => {
      const [lockKey, token] = [`gatewayz:lock:${key}`, randomUUID()];
      const answer = await redis.ask('lock', (client) => client.set(lockKey, token, 'PX', ttlMs, 'NX'));
      if (answer.ok && answer.value === null) return null;
      // Also after a timeout: Redis may have done what it was asked and answered too late.
      return { scope: answer.ok ? 'shared' : 'local', release: () => release(redis, lockKey, token) };
    },
    putVerdict: async (key, json, ttlMs) => {
      const keptMs = Math.max(KEPT_MS, ttlMs);
      const keys = [VERDICTS_KEY, ORDER_KEY, ENDS_KEY];
      const answer = await redis.ask('put_verdict', (client) =>
        client.eval(PUT_VERDICT_SCRIPT, keys.length, ...keys, key, json, ttlMs, keptMs),
      );
      return answer.ok;
    },
    verdicts: async (after = '0') => {
      const answer = await redis.ask('read_verdicts', (client) =>
        client.eval(READ_VERDICTS_SCRIPT, 2, VERDICTS_KEY, ORDER_KEY, after, PAGE_SIZE),
      );
      return answer.ok ? toPage(answer.value as RawPage) : { verdicts: new Map(), cursor: after };
    },
  };
}

function createLocalLock(): ScheduleLock {
  return {
    tryLock: async () => ({ scope: 'local', release: async () => true }),
    putVerdict: async () => false,
    verdicts: async (after = '0') => ({ verdicts: new Map(), cursor: after }),
  };
}

/** The lock of this replica; `null` where it is the only one. The link stays the caller's. */
export function createScheduleLock(redis: RedisLink | null): ScheduleLock {
  return redis === null ? createLocalLock() : createSharedLock(redis);
}
