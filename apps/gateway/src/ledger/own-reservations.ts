import { type Database, SqlError, type SqlRow } from '@gatewayz/database';
import { isAmong, toParameter } from './asked-rows.ts';
import type { Reservation, ReserveResult } from './charge.ts';
import type { ChargeRow } from './charge-row.ts';
import { GroupCommit } from './group-commit.ts';
import { addTo, type Reservations } from './reservations.ts';
import { KEY_STANDING, type ReservationChange, USER_STANDING } from './settle-statements.ts';

/** What a user or a key has left, as the database has it: credits, or the budget. */
interface Standing {
  /** Null: without a limit of its own. */
  readonly freeMicro: number | null;
  readonly isEnabled: boolean;
}

type Held = Pick<Reservation, 'userId' | 'keyId' | 'amountMicro' | 'expiresAtMs'>;

const NO_CHANGE: readonly ReservationChange[] = [];
/** How long nothing is reserved after a charge that was not written. */
const DOUBT_MS = 1000;

/**
 * Reservations in memory, for a process that has the database to itself: they end with it, as its requests do. What
 * users and keys have is remembered as the database last gave it; {@link OwnReservations.forget} whenever somebody
 * else wrote there.
 */
export class OwnReservations implements Reservations {
  readonly #database: Database;
  readonly #reads: GroupCommit<Reservation, undefined>;
  /** By request. */
  readonly #held = new Map<string, Held>();
  /** What is owed does not expire. */
  readonly #owed = new Map<string, Held>();
  readonly #heldOfUsers = new Map<string, number>();
  readonly #heldOfKeys = new Map<string, number>();
  readonly #users = new Map<string, Standing>();
  readonly #keys = new Map<string, Standing>();
  /** When the database last failed to take a charge, by `performance.now()`; null where it has taken one since. */
  #doubtedAt: number | null = null;

  constructor(database: Database, maxGroup: number) {
    this.#database = database;
    this.#reads = new GroupCommit((group) => this.#read(group), maxGroup);
  }

  reserve(reservation: Reservation): ReserveResult | Promise<ReserveResult> {
    if (this.#doubtedAt !== null && performance.now() - this.#doubtedAt < DOUBT_MS)
      return Promise.reject(new SqlError('unavailable', 'charges are not being written'));
    return this.#judge(reservation) ?? this.#readAndJudge(reservation);
  }

  release(requestId: string): void {
    this.#end(this.#held, requestId);
  }

  owe({ requestId, userId, keyId, creditsMicro }: ChargeRow): void {
    this.#end(this.#held, requestId);
    if (this.#owed.has(requestId)) return;
    this.#begin(this.#owed, requestId, { userId, keyId, amountMicro: creditsMicro, expiresAtMs: Infinity });
  }

  change(): readonly ReservationChange[] {
    return NO_CHANGE;
  }

  changeNothing(): void {}

  abandon(): void {}

  wrote(charges: readonly ChargeRow[], users: readonly SqlRow[], keys: readonly SqlRow[]): void {
    this.#learn(users, keys);
    for (const { requestId } of charges) this.#end(this.#owed, requestId);
  }

  failed(): void {}

  doubt(): void {
    this.#doubtedAt = performance.now();
    this.forget();
  }

  expire(nowMs: number): void {
    for (const [requestId, { expiresAtMs }] of this.#held) if (expiresAtMs <= nowMs) this.release(requestId);
    // Others' reservations in the database may have ended as well.
    this.forget();
  }

  forget(): void {
    this.#users.clear();
    this.#keys.clear();
  }

  ofUser(id: string): number {
    return this.#heldOfUsers.get(id) ?? 0;
  }

  ofKey(id: string): number {
    return this.#heldOfKeys.get(id) ?? 0;
  }

  idle(): Promise<void> {
    return this.#reads.idle();
  }

  #begin(all: Map<string, Held>, requestId: string, held: Held): void {
    all.set(requestId, held);
    addTo(this.#heldOfUsers, held.userId, held.amountMicro);
    addTo(this.#heldOfKeys, held.keyId, held.amountMicro);
  }

  #end(all: Map<string, Held>, requestId: string): void {
    const held = all.get(requestId);
    if (held === undefined) return;
    all.delete(requestId);
    addTo(this.#heldOfUsers, held.userId, -held.amountMicro);
    addTo(this.#heldOfKeys, held.keyId, -held.amountMicro);
  }

  #learn(users: readonly SqlRow[], keys: readonly SqlRow[]): void {
    this.#doubtedAt = null;
    for (const row of users) this.#users.set(String(row.id), toStanding(row));
    for (const row of keys) this.#keys.set(String(row.id), toStanding(row));
  }

  /** Null where what the owners have is not known. */
  #judge(reservation: Reservation): ReserveResult | null {
    const { requestId, userId, keyId, amountMicro } = reservation;
    if (this.#held.has(requestId)) return 'reserved';
    const user = this.#users.get(userId);
    const key = this.#keys.get(keyId);
    if (this.#doubtedAt !== null || user === undefined || key === undefined) return null;
    if (!user.isEnabled) return 'unknown_user';
    if (!fits(user, this.ofUser(userId), amountMicro)) return 'no_credit';
    if (!fits(key, this.ofKey(keyId), amountMicro)) return 'budget_spent';
    this.#begin(this.#held, requestId, reservation);
    return 'reserved';
  }

  async #readAndJudge(reservation: Reservation): Promise<ReserveResult> {
    for (;;) {
      await this.#reads.add(reservation);
      const result = this.#judge(reservation);
      // Somebody wrote in between.
      if (result !== null) return result;
    }
  }

  async #read(group: readonly Reservation[]): Promise<readonly undefined[]> {
    const userIds = [...new Set(group.map(({ userId }) => userId))];
    const keyIds = [...new Set(group.map(({ keyId }) => keyId))];
    const ofIds = `where ${isAmong(this.#database.dialect, 'id', 1)}`;
    const sql =
      this.#doubtedAt !== null
        ? `update users set charged_micro = charged_micro ${ofIds} returning ${USER_STANDING}`
        : `select ${USER_STANDING} from users ${ofIds}`;
    const [users = [], keys = []] = await this.#database.run({ table: 'users', operation: 'select' }, () => [
      { sql, parameters: [toParameter(userIds)] },
      { sql: `select ${KEY_STANDING} from api_keys ${ofIds}`, parameters: [toParameter(keyIds)] },
    ]);
    for (const id of userIds) this.#users.set(id, NOBODY);
    for (const id of keyIds) this.#keys.set(id, WITHOUT_LIMIT);
    this.#learn(users, keys);
    return group.map(() => undefined);
  }
}

const NOBODY: Standing = { freeMicro: 0, isEnabled: false };
const WITHOUT_LIMIT: Standing = { freeMicro: null, isEnabled: true };

function toStanding({ free, disabled_at_ms: disabledAt = null }: SqlRow): Standing {
  return { freeMicro: free == null ? null : Number(free), isEnabled: disabledAt === null };
}

function fits({ freeMicro }: Standing, heldMicro: number, amountMicro: number): boolean {
  return freeMicro === null || freeMicro - heldMicro >= amountMicro;
}
