import { randomUUID } from 'node:crypto';
import type { Database, SqlRow } from '@gatewayz/database';
import type { Reservation, ReserveResult } from './charge.ts';
import type { ChargeRow } from './charge-row.ts';
import { GroupCommit } from './group-commit.ts';
import { PortionPool } from './portion-pool.ts';
import { addTo, type Reservations } from './reservations.ts';
import type { ReservationChange } from './settle-statements.ts';
import { storedReservations } from './stored-reservations.ts';

interface Held {
  readonly pool: PortionPool;
  readonly amountMicro: number;
  readonly expiresAtMs: number;
}

interface Owed {
  readonly pool: PortionPool;
  readonly creditsMicro: number;
  isBeingWritten: boolean;
}

export interface PortionsOptions {
  readonly database: Database;
  readonly epochNow: () => number;
  readonly nextBatch: () => string;
  readonly maxGroup: number;
  /** Has what {@link Reservations.change} tells written; resolves when it is, or could not be. */
  readonly write: () => Promise<void>;
}

/** How often it is looked which keys are busy. */
const INTERVAL_MS = 100;
/** Reservations are lengthened when they are this much shorter than the requests that are under way. */
const MAX_SLACK_MS = 30_000;

/**
 * Reservations in a database that other processes write to as well. What a key needs is reserved there in portions, of
 * which its requests take their parts in memory: a busy key asks the database a few times a second, one that is not
 * asks for each request. Portions are given back when nobody needs them, and expire with the process.
 */
export class Portions implements Reservations {
  readonly #options: PortionsOptions;
  readonly #stored: GroupCommit<Reservation, ReserveResult>;
  /** By key. */
  readonly #pools = new Map<string, PortionPool>();
  readonly #poolsOfUsers = new Map<string, Set<PortionPool>>();
  readonly #held = new Map<string, Held>();
  readonly #owed = new Map<string, Owed>();
  /** What each pool was told to have charged in the write that is under way. */
  #writing: ReadonlyMap<PortionPool, number> = new Map();
  /** Whose portions the last write was to change. */
  #changed: readonly PortionPool[] = [];
  /** How many requests of each user have been refused, and are about to ask again. */
  readonly #asksAgain = new Map<string, number>();
  /** Those with something to tell the database beside their charges. */
  readonly #loose = new Set<PortionPool>();
  /** The database has not taken the last charges: what is reserved, it has to agree to. */
  #isInDoubt = false;
  #timer: NodeJS.Timeout | null = null;
  #slackMs = 0;

  constructor(options: PortionsOptions) {
    const { database, epochNow, nextBatch, maxGroup } = options;
    this.#options = options;
    this.#stored = new GroupCommit(storedReservations(database, epochNow, nextBatch), maxGroup);
  }

  reserve(reservation: Reservation): ReserveResult | Promise<ReserveResult> {
    const { requestId, userId, keyId, amountMicro, expiresAtMs } = reservation;
    if (this.#held.has(requestId)) return 'reserved';
    this.#slackMs = Math.min((expiresAtMs - this.#options.epochNow()) / 4, MAX_SLACK_MS);
    const pool = this.#poolOf(userId, keyId);
    if (this.#isInDoubt || !pool.has(amountMicro, expiresAtMs, this.#slackMs))
      return this.#reserveMore(pool, reservation);
    this.#hold(pool, reservation);
    return 'reserved';
  }

  release(requestId: string): void {
    this.#end(requestId, 0);
  }

  owe({ requestId, creditsMicro }: ChargeRow): void {
    const pool = this.#end(requestId, creditsMicro);
    if (pool !== null) this.#owed.set(requestId, { pool, creditsMicro, isBeingWritten: false });
  }

  change(charges: readonly ChargeRow[]): readonly ReservationChange[] {
    const sums = new Map<PortionPool, number>();
    const orphans = new Map<string, ReservationChange>();
    const nowMs = this.#options.epochNow();
    for (const pool of this.#loose) sums.set(pool, 0);
    this.#loose.clear();
    // What an earlier process has reserved for it ends with the charge.
    for (const { requestId, userId, keyId } of charges)
      if (!this.#owed.has(requestId) && !this.#pools.get(keyId)?.contains(requestId))
        orphans.set(requestId, { requestId, userId, amountMicro: 0, expiresAtMs: 0 });
    this.#beginWriting(charges, sums);
    this.#changed = [...sums.keys()];
    const planned = [...sums].flatMap(([pool, sum]) => {
      pool.expire(nowMs);
      return pool.plan(sum, this.#slackMs);
    });
    return orphans.size === 0 ? planned : [...orphans.values(), ...planned];
  }

  changeNothing(charges: readonly ChargeRow[]): void {
    this.#beginWriting(charges, new Map());
  }

  abandon(): void {
    for (const pool of this.#changed) pool.abandon();
  }

  wrote(charges: readonly ChargeRow[], users: readonly SqlRow[], keys: readonly SqlRow[]): void {
    if (charges.length > 0) this.#isInDoubt = false;
    const ofUsers = new Map(users.map((row) => [row.id, row]));
    const ofKeys = new Map(keys.map((row) => [row.id, row]));
    for (const { requestId } of charges) this.#owed.delete(requestId);
    for (const [pool, sum] of this.#writing) {
      pool.planned(true, sum);
      if (sum > 0 && !this.#asksAgain.has(pool.userId))
        pool.learn(ofUsers.get(pool.userId), ofKeys.get(pool.keyId));
    }
  }

  failed(charges: readonly ChargeRow[]): void {
    for (const { requestId } of charges) {
      const owed = this.#owed.get(requestId);
      if (owed !== undefined) owed.isBeingWritten = false;
    }
    for (const [pool, sum] of this.#writing) {
      pool.planned(false, sum);
      this.#loose.add(pool);
    }
  }

  doubt(): void {
    this.#isInDoubt = true;
    this.forget();
  }

  expire(nowMs: number): void {
    for (const [requestId, { expiresAtMs }] of this.#held) if (expiresAtMs <= nowMs) this.release(requestId);
    for (const pool of this.#pools.values()) pool.expire(nowMs);
  }

  forget(): void {
    for (const pool of this.#pools.values()) {
      pool.forget();
      this.#loose.add(pool);
    }
  }

  /** All of it is in the database. */
  ofUser(): number {
    return 0;
  }

  ofKey(): number {
    return 0;
  }

  async idle(): Promise<void> {
    this.#stop();
    await this.#stored.idle();
    this.forget();
    if (this.#loose.size > 0) await this.#options.write();
  }

  #beginWriting(charges: readonly ChargeRow[], sums: Map<PortionPool, number>): void {
    for (const { requestId } of charges) {
      const owed = this.#owed.get(requestId);
      if (owed === undefined || owed.isBeingWritten) continue;
      owed.isBeingWritten = true;
      sums.set(owed.pool, (sums.get(owed.pool) ?? 0) + owed.creditsMicro);
    }
    this.#writing = sums;
  }

  async #reserveMore(pool: PortionPool, reservation: Reservation): Promise<ReserveResult> {
    pool.asking += 1;
    try {
      const result = await this.#ask(reservation);
      if (this.#held.has(reservation.requestId)) return 'reserved';
      if (result !== 'reserved') return result;
      pool.add(reservation.requestId, reservation.amountMicro, reservation.expiresAtMs);
      this.#hold(pool, reservation);
      return 'reserved';
    } finally {
      pool.asking -= 1;
      if (pool.isEmpty) this.#drop(pool);
    }
  }

  /** A request is not refused for what this process holds in advance: that goes back, and the request asks again. */
  async #ask(reservation: Reservation): Promise<ReserveResult> {
    const { userId } = reservation;
    const hadSpare = this.#hasSpare(userId);
    const result = await this.#stored.add(reservation);
    if (result !== 'no_credit' && result !== 'budget_spent') return result;
    if (!hadSpare && !this.#hasSpare(userId)) return result;
    addTo(this.#asksAgain, userId, 1);
    try {
      for (const pool of this.#poolsOfUsers.get(userId) ?? []) {
        pool.forget();
        this.#loose.add(pool);
      }
      await this.#options.write();
      return await this.#stored.add(reservation);
    } finally {
      addTo(this.#asksAgain, userId, -1);
    }
  }

  #hasSpare(userId: string): boolean {
    for (const { spareMicro } of this.#poolsOfUsers.get(userId) ?? []) if (spareMicro > 0) return true;
    return false;
  }

  #hold(pool: PortionPool, { requestId, amountMicro, expiresAtMs }: Reservation): void {
    pool.hold(amountMicro, expiresAtMs);
    this.#held.set(requestId, { pool, amountMicro, expiresAtMs });
    this.#timer ??= setInterval(() => this.#tick(), INTERVAL_MS).unref();
  }

  #end(requestId: string, creditsMicro: number): PortionPool | null {
    const held = this.#held.get(requestId);
    if (held === undefined) return null;
    this.#held.delete(requestId);
    held.pool.release(held.amountMicro, creditsMicro);
    return held.pool;
  }

  #poolOf(userId: string, keyId: string): PortionPool {
    const known = this.#pools.get(keyId);
    if (known?.userId === userId) return known;
    const pool = new PortionPool(userId, keyId);
    this.#pools.set(keyId, pool);
    const ofUser = this.#poolsOfUsers.get(userId);
    if (ofUser === undefined) this.#poolsOfUsers.set(userId, new Set([pool]));
    else ofUser.add(pool);
    return pool;
  }

  #drop(pool: PortionPool): void {
    const { keyId, userId } = pool;
    if (this.#pools.get(keyId) === pool) this.#pools.delete(keyId);
    const ofUser = this.#poolsOfUsers.get(userId);
    ofUser?.delete(pool);
    if (ofUser?.size === 0) this.#poolsOfUsers.delete(userId);
  }

  /** Reserves in advance for those that are busy, gives back what others hold in vain. */
  #tick(): void {
    for (const pool of this.#pools.values()) {
      const missing = pool.tick();
      if (missing > 0 && !pool.isAskingAhead && !this.#isInDoubt) void this.#reserveAhead(pool, missing);
      if (pool.isEmpty) this.#drop(pool);
      else if (pool.isLoose(this.#slackMs)) this.#loose.add(pool);
    }
    if (this.#loose.size > 0) void this.#options.write();
    if (this.#pools.size === 0) this.#stop();
  }

  #stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  async #reserveAhead(pool: PortionPool, amountMicro: number): Promise<void> {
    const requestId = `ahead-${randomUUID()}`;
    const { userId, keyId, neededUntilMs: expiresAtMs } = pool;
    pool.asking += 1;
    pool.isAskingAhead = true;
    try {
      const result = await this.#stored.add({ requestId, userId, keyId, amountMicro, expiresAtMs });
      if (result === 'reserved') pool.add(requestId, amountMicro, expiresAtMs);
      else pool.forget();
    } catch {
      // The next request that asks the database hears of it.
      pool.forget();
    } finally {
      pool.isAskingAhead = false;
      pool.asking -= 1;
    }
  }
}
