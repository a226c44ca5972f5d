import { type Database, SqlError, type SqlRow } from '@gatewayz/database';
import { isAmong, toParameter } from './asked-rows.ts';
import type { Reservation, ReserveResult } from './charge.ts';
import { GroupCommit } from './group-commit.ts';

/** What a user or a key has left, as the database has it: credits, or the budget. */
interface Standing {
  /** Null: without a limit of its own. */
  readonly freeMicro: number | null;
  readonly isEnabled: boolean;
}

/** How long nothing is reserved after a charge that was not written. */
const DOUBT_MS = 1000;

/** The columns that {@link OwnReservations} reads of users, and of keys. */
export const USER_STANDING = 'id, granted_micro - charged_micro - reserved_micro as free, disabled_at_ms';
/** Null without a budget. */
export const KEY_STANDING = 'id, budget_micro - charged_micro - reserved_micro as free';

/**
 * Reservations in memory, for a process that has the database to itself: they end with it, as its requests do. What
 * users and keys have is remembered as the database last gave it; {@link OwnReservations.forget} whenever somebody
 * else wrote there.
 */
export class OwnReservations {
  readonly #database: Database;
  readonly #reads: GroupCommit<Reservation, undefined>;
  readonly #held = new Map<string, Reservation>();
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

  /** At once where what the owners have is known. Rejects with a `SqlError`. */
  reserve(reservation: Reservation): ReserveResult | Promise<ReserveResult> {
    if (this.#doubtedAt !== null && performance.now() - this.#doubtedAt < DOUBT_MS)
      return Promise.reject(new SqlError('unavailable', 'charges are not being written'));
    return this.#judge(reservation) ?? this.#readAndJudge(reservation);
  }

  /** Ends a reservation, if there is one. */
  end(requestId: string): void {
    const reservation = this.#held.get(requestId);
    if (reservation === undefined) return;
    this.#held.delete(requestId);
    add(this.#heldOfUsers, reservation.userId, -reservation.amountMicro);
    add(this.#heldOfKeys, reservation.keyId, -reservation.amountMicro);
  }

  /** Ends those that were to be settled by `nowMs`. */
  expire(nowMs: number): void {
    for (const { requestId, expiresAtMs } of [...this.#held.values()])
      if (expiresAtMs <= nowMs) this.end(requestId);
  }

  /** Takes in what a call of the database that went well told of users and keys. */
  learn(users: readonly SqlRow[], keys: readonly SqlRow[]): void {
    this.#doubtedAt = null;
    for (const row of users) this.#users.set(String(row.id), toStanding(row));
    for (const row of keys) this.#keys.set(String(row.id), toStanding(row));
  }

  /** What was known of users and keys may no longer be so; it is read again when it is needed. */
  forget(): void {
    this.#users.clear();
    this.#keys.clear();
  }

  /** The database did not take a charge: nothing is reserved for a while, and then not before it takes a write. */
  doubt(): void {
    this.#doubtedAt = performance.now();
    this.forget();
  }

  /** Micro-credits that are held for requests of a user under way. */
  ofUser(id: string): number {
    return this.#heldOfUsers.get(id) ?? 0;
  }

  /** Micro-credits that are held for requests of a key under way. */
  ofKey(id: string): number {
    return this.#heldOfKeys.get(id) ?? 0;
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
    this.#held.set(requestId, reservation);
    add(this.#heldOfUsers, userId, amountMicro);
    add(this.#heldOfKeys, keyId, amountMicro);
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
    this.learn(users, keys);
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

function add(sums: Map<string, number>, id: string, amount: number): void {
  const sum = (sums.get(id) ?? 0) + amount;
  if (sum === 0) sums.delete(id);
  else sums.set(id, sum);
}
