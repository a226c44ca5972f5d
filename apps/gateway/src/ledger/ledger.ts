import { randomUUID } from 'node:crypto';
import { createBuilder, type Database, SqlError } from '@gatewayz/database';
import type { Tables } from '../store/tables.ts';
import type { Charge, Grant, Reservation, ReserveResult } from './charge.ts';
import { expireReservations, grantStatements } from './grant-statements.ts';
import { GroupCommit, isOfItem } from './group-commit.ts';
import { OwnReservations } from './own-reservations.ts';
import { chargeStatements, type Settlement, settleStatements } from './settle-statements.ts';
import { storedReservations } from './stored-reservations.ts';

/** Keeps what users have, what requests under way may cost, and what those that have ended did cost. */
export interface Ledger {
  /**
   * Lets a request begin where there is credit for it: when it tells, all others see that. Rejects with a `SqlError`,
   * and never throws.
   */
  reserve(reservation: Reservation): ReserveResult | Promise<ReserveResult>;
  /**
   * Charges a request and ends its reservation; a second time it does nothing. Resolves when it is on the disk; rejects
   * with a `SqlError`, and never throws.
   */
  settle(charge: Charge): Promise<void>;
  /** Ends a reservation without a charge; null where that is done at once. */
  release(reservation: Pick<Reservation, 'requestId' | 'userId' | 'keyId'>): Promise<void> | null;
  /** Micro-credits that this process holds for requests under way, beside those that the database has. */
  readonly held: { ofUser(id: string): number; ofKey(id: string): number };
  /** Gives or takes credits; null where there is no such user, else the new balance in micro-credits. */
  grant(grant: Grant): Promise<number | null>;
  /** Ends the reservations that were to be settled before `nowMs`. */
  expire(nowMs: number): Promise<void>;
  /** To be told of every change of users and keys that was not made here. */
  forget(): void;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
}

/** More rows in one transaction gain nothing, and a failure would take more with it. */
const MAX_GROUP = 100;
/** A commit syncs the disk, however little is in it: a busy ledger has at most 500 of them a second. */
const SPACING_MS = 2;
/** A database that has not taken a charge for so long is not trusted to take more. */
const PATIENCE_MS = 1000;

/** Creates the ledger on an open database of the gateway's schema; `isAlone` where no other process writes there. */
export function createLedger(database: Database, epochNow: () => number, isAlone = false): Ledger {
  const ids = batchIds();
  const db = createBuilder<Tables>(database.dialect);
  const books = isAlone ? ownBooks(database, ids) : sharedBooks(database, epochNow, ids);
  return {
    reserve: (reservation) => {
      const { amountMicro } = reservation;
      if (!isAmount(amountMicro)) return Promise.reject(notAnAmount('amountMicro', amountMicro));
      return books.reserve(reservation);
    },
    settle: (charge) => {
      const { creditsMicro } = charge;
      if (!isAmount(creditsMicro)) return Promise.reject(notAnAmount('creditsMicro', creditsMicro));
      return books.settle(charge);
    },
    release: books.release,
    held: books.held,
    async grant(grant) {
      if (!Number.isSafeInteger(grant.amountMicro)) throw notAnAmount('amountMicro', grant.amountMicro);
      const statements = grantStatements(db, database.dialect, grant, ids());
      const results = await database.run({ table: 'ledger', operation: 'grant' }, () => statements);
      books.forget();
      const balance = results.at(-1)?.[0]?.balance;
      return balance === undefined ? null : Number(balance);
    },
    async expire(nowMs) {
      const statements = expireReservations(db, database.dialect, nowMs);
      await database.run({ table: 'reservations', operation: 'delete' }, () => statements);
      books.expire(nowMs);
    },
    forget: books.forget,
    idle: books.idle,
  };
}

type Books = Pick<Ledger, 'reserve' | 'settle' | 'release' | 'held' | 'forget' | 'idle'> & {
  expire(nowMs: number): void;
};

function batchIds(): () => string {
  const prefix = randomUUID();
  let batches = 0;
  return () => `${prefix}-${batches++}`;
}

/** With reservations in memory. */
function ownBooks(database: Database, nextBatch: () => string): Books {
  const own = new OwnReservations(database, MAX_GROUP);
  const write = chargeStatements(database.dialect);
  /** Charges that failed by themselves: when they fail again that says nothing new. */
  const refused = new Set<string>();

  function isDoubtful(group: readonly Charge[], error: unknown): boolean {
    if (!isOfItem(error)) return true;
    const [charge] = group;
    // Each is about to be tried alone.
    if (charge === undefined || group.length > 1) return false;
    const isNew = !refused.has(charge.requestId);
    refused.add(charge.requestId);
    return isNew;
  }

  const charges = new GroupCommit<Charge, undefined>(
    async (group) => {
      const statements = write(group, nextBatch());
      const timer = setTimeout(() => own.doubt(), PATIENCE_MS);
      try {
        const results = await database.run({ table: 'ledger', operation: 'insert' }, () => statements);
        own.learn(results.at(-2) ?? [], results.at(-1) ?? []);
      } catch (error) {
        if (isDoubtful(group, error)) own.doubt();
        throw error;
      } finally {
        clearTimeout(timer);
      }
      for (const { requestId } of group) {
        own.end(requestId);
        refused.delete(requestId);
      }
      return group.map(() => undefined);
    },
    MAX_GROUP,
    SPACING_MS,
  );
  return {
    reserve: (reservation) => own.reserve(reservation),
    settle: (charge) => charges.add(charge),
    release({ requestId }) {
      own.end(requestId);
      return null;
    },
    held: { ofUser: (id) => own.ofUser(id), ofKey: (id) => own.ofKey(id) },
    expire(nowMs) {
      own.expire(nowMs);
      own.forget();
    },
    forget: () => own.forget(),
    idle: () => charges.idle(),
  };
}

/** With reservations in the database, where every process sees them. */
function sharedBooks(database: Database, epochNow: () => number, nextBatch: () => string): Books {
  const reservations = new GroupCommit<Reservation, ReserveResult>(
    storedReservations(database, epochNow, nextBatch),
    MAX_GROUP,
  );
  const settleGroup = settleStatements(database.dialect);
  const settlements = new GroupCommit<Settlement, undefined>(
    async (group) => {
      const statements = settleGroup(group, nextBatch());
      await database.run({ table: 'ledger', operation: 'insert' }, () => statements);
      return group.map(() => undefined);
    },
    MAX_GROUP,
    SPACING_MS,
  );
  return {
    reserve: (reservation) => reservations.add(reservation),
    settle: (charge) => settlements.add({ kind: 'charge', charge }),
    release: ({ requestId, userId, keyId }) => settlements.add({ kind: 'release', requestId, userId, keyId }),
    held: { ofUser: () => 0, ofKey: () => 0 },
    expire: () => {},
    forget: () => {},
    async idle() {
      await reservations.idle();
      await settlements.idle();
    },
  };
}

function isAmount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function notAnAmount(name: string, value: number): SqlError {
  return new SqlError('invalid', `${name}: expected a whole number of micro-credits, received ${value}`);
}
