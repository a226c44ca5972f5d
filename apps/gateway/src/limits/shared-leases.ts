import type { RedisClient, RedisLink } from '@gatewayz/redis-link';
import { RENEW_SCRIPT, TAKE_SCRIPT } from './lease-scripts.ts';

/** A lease may miss that many renewals before it ends. */
const RENEWALS_IN_LEASE = 3;
/** How often it is tried again to give back what Redis did not hear of. */
const TICK_MS = 500;
/** Of leases over it Redis is told nothing; they end by themselves. */
const MAX_ENDED = 10_000;

/**
 * The places that requests under way have in Redis. A process keeps those of its own requests, and tells Redis of
 * the ones that ended while it was away, before it asks for another.
 */
export class SharedLeases {
  readonly #redis: RedisLink;
  readonly #now: () => number;
  readonly #leaseMs: number;
  readonly #kept = new LeasesByKey();
  readonly #ended = new LeasesByKey();
  #timer: NodeJS.Timeout | null = null;
  #renewAtMs = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  /** A lease that nobody keeps ends after `leaseMs`: so long the places of a killed process stay taken. */
  constructor(redis: RedisLink, now: () => number, leaseMs: number) {
    this.#redis = redis;
    this.#now = now;
    this.#leaseMs = leaseMs;
  }

  /** Takes a place; false where there is none. Rejects where Redis fails: it may have been taken all the same. */
  async take(client: RedisClient, keyId: string, lease: string, places: number): Promise<boolean> {
    const ended = this.#ended.of(keyId);
    const isTaken = await client.eval(TAKE_SCRIPT, 1, toKey(keyId), lease, places, this.#leaseMs, ...ended);
    this.#ended.delete(keyId, ended);
    if (isTaken !== 1) return false;
    this.#kept.add(keyId, lease);
    this.#schedule();
    return true;
  }

  /** Gives a place back. Rejects where Redis fails, after {@link notHeard} has to be told. */
  async giveBack(client: RedisClient, keyId: string, lease: string): Promise<void> {
    this.#kept.delete(keyId, [lease]);
    await client.zrem(toKey(keyId), lease);
  }

  /** A place that may still be taken is given back as soon as Redis hears of it. */
  notHeard(keyId: string, lease: string): void {
    this.#kept.delete(keyId, [lease]);
    if (this.#ended.size < MAX_ENDED) this.#ended.add(keyId, lease);
    this.#schedule();
  }

  close(): void {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #schedule(): void {
    if (this.#timer !== null || this.#isClosed) return;
    this.#timer = setTimeout(
      () => void this.#tick(),
      Math.min(TICK_MS, this.#leaseMs / RENEWALS_IN_LEASE),
    ).unref();
  }

  async #tick(): Promise<void> {
    const isRenewal = this.#now() >= this.#renewAtMs;
    const keyIds = new Set([...this.#ended.keys(), ...(isRenewal ? this.#kept.keys() : [])]);
    if (isRenewal) this.#renewAtMs = this.#now() + this.#leaseMs / RENEWALS_IN_LEASE;
    if (keyIds.size > 0) {
      await this.#redis.ask('limit_renew', (client) =>
        Promise.all([...keyIds].map((keyId) => this.#renew(client, keyId))),
      );
    }
    this.#timer = null;
    if (this.#kept.size + this.#ended.size > 0) this.#schedule();
  }

  async #renew(client: RedisClient, keyId: string): Promise<void> {
    const ended = this.#ended.of(keyId);
    const kept = this.#kept.of(keyId);
    await client.eval(RENEW_SCRIPT, 1, toKey(keyId), this.#leaseMs, ended.length, ...ended, ...kept);
    this.#ended.delete(keyId, ended);
  }
}

class LeasesByKey {
  readonly #leases = new Map<string, Set<string>>();
  size = 0;

  keys(): Iterable<string> {
    return this.#leases.keys();
  }

  of(keyId: string): readonly string[] {
    return [...(this.#leases.get(keyId) ?? [])];
  }

  add(keyId: string, lease: string): void {
    const leases = this.#leases.get(keyId) ?? new Set();
    if (!leases.has(lease)) this.size += 1;
    this.#leases.set(keyId, leases.add(lease));
  }

  delete(keyId: string, gone: readonly string[]): void {
    const leases = this.#leases.get(keyId);
    if (leases === undefined) return;
    for (const lease of gone) if (leases.delete(lease)) this.size -= 1;
    if (leases.size === 0) this.#leases.delete(keyId);
  }
}

function toKey(keyId: string): string {
  return `gatewayz:limit:leases:${keyId}`;
}
