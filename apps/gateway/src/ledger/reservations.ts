import type { SqlRow } from '@gatewayz/database';
import type { Reservation, ReserveResult } from './charge.ts';
import type { ChargeRow } from './charge-row.ts';
import type { ReservationChange } from './settle-statements.ts';

/**
 * What requests under way hold, and what those that have ended owe until that is in the database. Who writes charges
 * tells it of them in turn: {@link Reservations.owe}, {@link Reservations.change}, and then {@link Reservations.wrote}
 * or {@link Reservations.failed} before the next ones.
 */
export interface Reservations {
  /** At once where the process knows enough. Rejects with a `SqlError`, and never throws. */
  reserve(reservation: Reservation): ReserveResult | Promise<ReserveResult>;
  /** Ends a request that costs nothing. */
  release(requestId: string): void;
  /** Ends a request that costs something: from now on it holds no more and no less than that. */
  owe(charge: ChargeRow): void;
  /** What is to be changed in the database together with these charges. */
  change(charges: readonly ChargeRow[]): readonly ReservationChange[];
  /** The same where they are to be written alone. */
  changeNothing(charges: readonly ChargeRow[]): void;
  /** What {@link Reservations.change} last told is never going to be taken: it is left to expire. */
  abandon(): void;
  /** The charges are in the database, which told this of users and keys. */
  wrote(charges: readonly ChargeRow[], users: readonly SqlRow[], keys: readonly SqlRow[]): void;
  /** They are not. */
  failed(charges: readonly ChargeRow[]): void;
  /** The database does not take charges: nothing is reserved without its word before it takes one again. */
  doubt(): void;
  /** Ends what was to be settled by `nowMs`. */
  expire(nowMs: number): void;
  /** What is known of users and keys may no longer be so. */
  forget(): void;
  /** Micro-credits that are held beside those that the database has. */
  ofUser(id: string): number;
  ofKey(id: string): number;
  /** Resolves when nothing is being asked of the database; from then on nothing is held in advance. */
  idle(): Promise<void>;
}

/** Adds to one of many sums; those of nothing are not kept. */
export function addTo(sums: Map<string, number>, id: string, amount: number): void {
  const sum = (sums.get(id) ?? 0) + amount;
  if (sum === 0) sums.delete(id);
  else sums.set(id, sum);
}
