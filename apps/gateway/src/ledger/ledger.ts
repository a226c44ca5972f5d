import { randomUUID } from 'node:crypto';
import { createBuilder, type Database, SqlError } from '@gatewayz/database';
import type { Tables } from '../store/tables.ts';
import type { Grant, Reservation, ReserveResult } from './charge.ts';
import type { ChargeRow } from './charge-row.ts';
import { expireReservations, grantStatements } from './grant-statements.ts';
import { GroupCommit, isOfItem } from './group-commit.ts';
import { OwnReservations } from './own-reservations.ts';
import { Portions } from './portions.ts';
import type { Reservations } from './reservations.ts';
import { type ReservationChange, settleStatements } from './settle-statements.ts';

/** Keeps what users have, what requests under way may cost, and what those that have ended did cost. */
export interface Ledger {
  /** Lets a request begin where there is credit for it. Rejects with a `SqlError`, and never throws. */
  reserve(reservation: Reservation): ReserveResult | Promise<ReserveResult>;
  /**
   * Charges a request and ends its reservation; a second time it does nothing. What it costs is taken from the credit
   * at once; resolves when it is in the database, on its disk. Rejects with a `SqlError`, and never throws.
   */
  settle(charge: ChargeRow): Promise<void>;
  /** Ends a reservation without a charge. */
  release(requestId: string): void;
  /** Micro-credits that this process holds for its requests, beside those that the database has. */
  readonly held: { ofUser(id: string): number; ofKey(id: string): number };
  /** Gives or takes credits; null where there is no such user or they cannot be taken, else the new balance in micro-credits. */
  grant(grant: Grant): Promise<number | null>;
  /** Ends the reservations that were to be settled before `nowMs`. */
  expire(nowMs: number): Promise<void>;
  /** To be told of every change of users and keys that was not made here. */
  forget(): void;
  /** Resolves when what was settled before is in the database, or has failed. */
  written(): Promise<void>;
  /** Resolves when all that was settled is in the database, or has failed, and nothing is held in advance. */
  idle(): Promise<void>;
}

/** More rows in one transaction gain little, and a failure would take more with it. */
const MAX_GROUP = 1000;
/** A commit costs as much as a hundred rows: a busy ledger has at most 20 of them a second. */
const SPACING_MS = 50;
/** A database that has not taken a charge for so long is not trusted to take more. */
export const PATIENCE_MS = 1000;

/** Creates the ledger on an open database of the gateway's schema; `isAlone` where no other process writes there. */
export function createLedger(database: Database, epochNow: () => number, isAlone = false): Ledger {
  return new BookedLedger(database, epochNow, isAlone);
}

class BookedLedger implements Ledger {
  readonly #database: Database;
  readonly #reservations: Reservations;
  readonly #settleStatements: ReturnType<typeof settleStatements>;
  /** Null: nothing to charge, but reservations to change. */
  readonly #writes = new GroupCommit<ChargeRow | null, undefined>(
    (group) => this.#write(group.filter((charge) => charge !== null)),
    MAX_GROUP,
    SPACING_MS,
  );
  readonly #nextBatch = batchIds();
  /** Charges that failed by themselves: when they fail again that says nothing new. */
  readonly #refused = new Set<string>();

  constructor(database: Database, epochNow: () => number, isAlone: boolean) {
    this.#database = database;
    this.#settleStatements = settleStatements(database.dialect);
    this.#reservations = isAlone
      ? new OwnReservations(database, MAX_GROUP)
      : new Portions({
          database,
          epochNow,
          nextBatch: this.#nextBatch,
          maxGroup: MAX_GROUP,
          write: () => this.written(),
        });
  }

  get held(): Ledger['held'] {
    return this.#reservations;
  }

  reserve(reservation: Reservation): ReserveResult | Promise<ReserveResult> {
    const { amountMicro } = reservation;
    if (!isAmount(amountMicro)) return Promise.reject(notAnAmount('amountMicro', amountMicro));
    return this.#reservations.reserve(reservation);
  }

  settle(charge: ChargeRow): Promise<void> {
    const { creditsMicro } = charge;
    if (!isAmount(creditsMicro)) return Promise.reject(notAnAmount('creditsMicro', creditsMicro));
    this.#reservations.owe(charge);
    return this.#writes.add(charge);
  }

  release(requestId: string): void {
    this.#reservations.release(requestId);
  }

  async grant(grant: Grant): Promise<number | null> {
    if (!Number.isSafeInteger(grant.amountMicro)) throw notAnAmount('amountMicro', grant.amountMicro);
    const { dialect } = this.#database;
    const db = createBuilder<Tables>(dialect);
    const statements = grantStatements(db, dialect, grant, this.#nextBatch());
    const results = await this.#database.run({ table: 'ledger', operation: 'grant' }, () => statements);
    this.forget();
    const balance = results.at(-1)?.[0]?.balance;
    return balance === undefined ? null : Number(balance);
  }

  async expire(nowMs: number): Promise<void> {
    const { dialect } = this.#database;
    const statements = expireReservations(createBuilder<Tables>(dialect), dialect, nowMs);
    await this.#database.run({ table: 'reservations', operation: 'delete' }, () => statements);
    this.#reservations.expire(nowMs);
  }

  forget(): void {
    this.#reservations.forget();
  }

  written(): Promise<void> {
    return this.#writes.add(null).catch(() => undefined);
  }

  async idle(): Promise<void> {
    await this.#reservations.idle();
    await this.#writes.idle();
  }

  async #write(charges: readonly ChargeRow[]): Promise<readonly undefined[]> {
    const changes = this.#reservations.change(charges);
    if (charges.length === 0 && changes.length === 0) return [];
    const timer = setTimeout(() => this.#reservations.doubt(), PATIENCE_MS);
    try {
      await this.#run(charges, changes);
    } catch (error) {
      this.#reservations.failed(charges);
      const isOfChanges = changes.length > 0 && charges.length <= 1 && isOfItem(error);
      if (!isOfChanges || !(await this.#runWithoutChanges(charges))) {
        if (this.#isDoubtful(charges, error)) this.#reservations.doubt();
        throw error;
      }
    } finally {
      clearTimeout(timer);
    }
    if (this.#refused.size > 0) for (const { requestId } of charges) this.#refused.delete(requestId);
    return [];
  }

  async #run(charges: readonly ChargeRow[], changes: readonly ReservationChange[]): Promise<void> {
    const results = await this.#database.run({ table: 'ledger', operation: 'insert' }, () =>
      this.#settleStatements(charges, changes, this.#nextBatch()),
    );
    this.#reservations.wrote(charges, results.at(-2) ?? [], results.at(-1) ?? []);
  }

  /** Reservations that the database refuses to change stand in no charge's way: they are left to expire. */
  async #runWithoutChanges(charges: readonly ChargeRow[]): Promise<boolean> {
    if (charges.length > 0) {
      this.#reservations.changeNothing(charges);
      try {
        await this.#run(charges, []);
      } catch {
        this.#reservations.failed(charges);
        return false;
      }
    }
    this.#reservations.abandon();
    return true;
  }

  #isDoubtful(group: readonly ChargeRow[], error: unknown): boolean {
    if (!isOfItem(error)) return true;
    const [charge] = group;
    // Each is about to be tried alone.
    if (charge === undefined || group.length > 1) return false;
    const isNew = !this.#refused.has(charge.requestId);
    this.#refused.add(charge.requestId);
    return isNew;
  }
}

function batchIds(): () => string {
  const prefix = randomUUID();
  let batches = 0;
  return () => `${prefix}-${batches++}`;
}

function isAmount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function notAnAmount(name: string, value: number): SqlError {
  return new SqlError('invalid', `${name}: expected a whole number of micro-credits, received ${value}`);
}
