import type { SqlRow } from '@gatewayz/database';
import type { ReservationChange } from './settle-statements.ts';

/** A reservation in the database, of which this process lets requests take parts. */
export interface Portion {
  readonly requestId: string;
  amountMicro: number;
  expiresAtMs: number;
}

/** What a portion is to be when the database has been told. */
interface PlannedChange extends ReservationChange {
  readonly portion: Portion;
}

/** Requests in one interval from which on a key is so busy that it is worth while to hold credit in advance. */
const BUSY_REQUESTS = 3;
/** A process holds no more in advance than this part of what is left: others want to spend as well. */
const ADVANCE_SHARE = 0.1;
/** Credit in advance: so many times what requests held at once at most, and what this many intervals spent. */
const PEAKS = 2;
const INTERVALS = 10;

/**
 * The credit that this process has reserved for one key, and what its requests hold and owe of it. All amounts are
 * micro-credits.
 */
export class PortionPool {
  readonly userId: string;
  readonly keyId: string;
  /** The latest time that a request asked for, in epoch milliseconds. */
  neededUntilMs = 0;
  /** Questions to the database that are under way. */
  asking = 0;
  /** One of them asks for credit in advance. */
  isAskingAhead = false;
  /** By their ids in the database, oldest first. */
  readonly #portions = new Map<string, Portion>();
  #reserved = 0;
  #held = 0;
  #owed = 0;
  /** On its way back to the database. */
  #leaving = 0;
  /** What may be held in advance at most; nothing is known at first. */
  #advance = 0;
  #requests = 0;
  #wasBusy = false;
  #peak = 0;
  #lastPeak = 0;
  #spent = 0;
  #lastSpent = 0;
  #endsAtMs = Infinity;
  #planned: readonly PlannedChange[] = [];

  constructor(userId: string, keyId: string) {
    this.userId = userId;
    this.keyId = keyId;
  }

  /** What a request may take. */
  get freeMicro(): number {
    return this.spareMicro - this.#leaving;
  }

  /** What no request holds or owes, be it on its way back or not. */
  get spareMicro(): number {
    return this.#reserved - this.#held - this.#owed;
  }

  get isEmpty(): boolean {
    return this.#portions.size === 0 && this.#held === 0 && this.#owed === 0 && this.asking === 0;
  }

  /** Whether it has something to give back, or to lengthen. */
  isLoose(slackMs: number): boolean {
    return this.spareMicro > 0 || this.#endsAtMs < this.neededUntilMs - slackMs / 2;
  }

  /** Whether a request may take this much now, until then. */
  has(amountMicro: number, untilMs: number, slackMs: number): boolean {
    if (this.#portions.size === 0 || this.freeMicro < amountMicro) return false;
    return this.#endsAtMs >= untilMs - slackMs;
  }

  contains(requestId: string): boolean {
    return this.#portions.has(requestId);
  }

  /** The database has reserved this. */
  add(requestId: string, amountMicro: number, expiresAtMs: number): void {
    if (this.#portions.has(requestId)) return;
    this.#portions.set(requestId, { requestId, amountMicro, expiresAtMs });
    this.#reserved += amountMicro;
    this.#endsAtMs = Math.min(this.#endsAtMs, expiresAtMs);
  }

  hold(amountMicro: number, untilMs: number): void {
    this.#requests += 1;
    this.#held += amountMicro;
    this.#peak = Math.max(this.#peak, this.#held);
    this.neededUntilMs = Math.max(this.neededUntilMs, untilMs);
  }

  /** A request has ended. */
  release(amountMicro: number, creditsMicro: number): void {
    this.#held -= amountMicro;
    this.#owed += creditsMicro;
  }

  /** What nobody settled is gone from the database too. */
  expire(nowMs: number): void {
    for (const portion of this.#portions.values()) if (portion.expiresAtMs <= nowMs) this.#drop(portion);
    this.#findEnd();
  }

  /** What the database does not let go is left to expire there. */
  abandon(): void {
    this.#portions.clear();
    this.#reserved = 0;
    this.#advance = 0;
    this.#findEnd();
  }

  /** Begins another interval; gives what should be reserved in advance now. */
  tick(): number {
    this.#wasBusy = this.#requests >= BUSY_REQUESTS;
    this.#lastPeak = this.#peak;
    this.#lastSpent = this.#spent;
    this.#requests = 0;
    this.#peak = this.#held;
    this.#spent = 0;
    const missing = this.#wanted() - this.#reserved;
    return missing > this.#wanted() / 4 ? missing : 0;
  }

  /** Holds nothing in advance until the database has told again what there is. */
  forget(): void {
    this.#advance = 0;
  }

  /** How portions change when `chargedMicro` of what is owed has been charged; {@link PortionPool.planned} is next. */
  plan(chargedMicro: number, slackMs: number): readonly ReservationChange[] {
    const keep = Math.min(Math.max(0, this.freeMicro), Math.max(0, this.#wanted() - this.#held));
    const target = Math.max(0, this.#held + this.#owed - chargedMicro + keep);
    const release = Math.max(0, this.#reserved - target);
    this.#leaving = Math.max(0, release - chargedMicro);
    this.#planned = this.#changes(release, slackMs);
    return this.#planned;
  }

  /** The database has done, or has not done, what was planned. */
  planned(isDone: boolean, chargedMicro: number): void {
    this.#leaving = 0;
    if (isDone) {
      this.#owed -= chargedMicro;
      this.#spent += chargedMicro;
      for (const { portion, amountMicro, expiresAtMs } of this.#planned) {
        // It may have expired in between.
        if (this.#portions.get(portion.requestId) !== portion) continue;
        this.#reserved -= portion.amountMicro - amountMicro;
        portion.amountMicro = amountMicro;
        portion.expiresAtMs = expiresAtMs;
        if (amountMicro === 0) this.#drop(portion);
      }
      if (this.#planned.length > 0) this.#findEnd();
    }
    this.#planned = [];
  }

  /** The database has told what is left of the user and the key. */
  learn(user: SqlRow | undefined, key: SqlRow | undefined): void {
    const free = user === undefined || user.disabled_at_ms !== null ? 0 : Number(user.free);
    const budget = key?.free ?? null;
    const left = budget === null ? free : Math.min(free, Number(budget));
    this.#advance = Math.max(0, Math.floor(left * ADVANCE_SHARE));
  }

  /** What should be reserved as a whole. */
  #wanted(): number {
    if (!this.#wasBusy && this.#requests < BUSY_REQUESTS) return 0;
    const peak = Math.max(this.#peak, this.#lastPeak);
    return Math.min(
      this.#held + this.#advance,
      PEAKS * peak + INTERVALS * Math.max(this.#spent, this.#lastSpent),
    );
  }

  /** Takes from the oldest portions first, and lengthens what is needed for longer. */
  #changes(release: number, slackMs: number): readonly PlannedChange[] {
    const changes: PlannedChange[] = [];
    let left = release;
    for (const portion of this.#portions.values()) {
      const taken = Math.min(left, portion.amountMicro);
      left -= taken;
      const isShort = portion.expiresAtMs < this.neededUntilMs - slackMs / 2;
      const amountMicro = portion.amountMicro - taken;
      const expiresAtMs = isShort ? this.neededUntilMs : portion.expiresAtMs;
      if (taken > 0 || isShort || amountMicro === 0)
        changes.push({
          portion,
          requestId: portion.requestId,
          userId: this.userId,
          amountMicro,
          expiresAtMs,
        });
    }
    return changes;
  }

  #drop(portion: Portion): void {
    this.#reserved -= portion.amountMicro;
    this.#portions.delete(portion.requestId);
  }

  #findEnd(): void {
    this.#endsAtMs = Infinity;
    for (const { expiresAtMs } of this.#portions.values())
      this.#endsAtMs = Math.min(this.#endsAtMs, expiresAtMs);
  }
}
