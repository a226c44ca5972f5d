import { randomUUID } from 'node:crypto';
import { createBuilder, type Database, SqlError } from '@gatewayz/database';
import type { Tables } from '../store/tables.ts';
import type { Charge, Grant, Reservation, ReserveResult } from './charge.ts';
import { expireReservations, grantStatements } from './grant-statements.ts';
import { GroupCommit } from './group-commit.ts';
import { readWhyNot, reserveStatements } from './reserve-statements.ts';
import { type Settlement, settleStatements } from './settle-statements.ts';

/** Keeps what users have, what requests under way may cost, and what those that have ended did cost. */
export interface Ledger {
  /** Lets a request begin where there is credit for it; resolves when all others see that. Rejects with a `SqlError`. */
  reserve(reservation: Reservation): Promise<ReserveResult>;
  /** Charges a request and ends its reservation; a second time it does nothing. Resolves when it is on the disk. */
  settle(charge: Charge): Promise<void>;
  /** Ends a reservation without a charge. */
  release(reservation: Pick<Reservation, 'requestId' | 'userId' | 'keyId'>): Promise<void>;
  /** Gives or takes credits; null where there is no such user, else the new balance in micro-credits. */
  grant(grant: Grant): Promise<number | null>;
  /** Ends the reservations that were to be settled before `nowMs`. */
  expire(nowMs: number): Promise<void>;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
}

/** More rows in one transaction gain nothing, and a failure would take more with it. */
const MAX_GROUP = 100;

/** Creates the ledger on an open database of the gateway's schema. */
export function createLedger(database: Database, epochNow: () => number): Ledger {
  const db = createBuilder<Tables>(database.dialect);
  const { dialect } = database;
  const reserving = reserveStatements(dialect);
  const settleGroup = settleStatements(dialect);
  const batchPrefix = randomUUID();
  let batches = 0;
  const nextBatch = (): string => `${batchPrefix}-${batches++}`;

  async function reserveAll(group: readonly Reservation[]): Promise<readonly ReserveResult[]> {
    const results = new Map<Reservation, ReserveResult>();
    for (let left = group; left.length > 0; ) left = await reservePass(left, results);
    return group.map((one) => results.get(one) ?? 'no_credit');
  }

  /** Notes what is known, and gives those that have to be tried again. */
  async function reservePass(
    group: readonly Reservation[],
    results: Map<Reservation, ReserveResult>,
  ): Promise<readonly Reservation[]> {
    const { statements, at } = reserving.reserve(group, nextBatch(), epochNow());
    // A request ends with the machine that it runs on: its reservation may do so too.
    const rows = await database.run({ table: 'reservations', operation: 'insert' }, () => statements, 'soon');
    const taken = new Set(rows[at]?.map(({ request_id: id }) => id));
    const refused = group.filter((one) => !taken.has(one.requestId));
    for (const one of group) if (taken.has(one.requestId)) results.set(one, 'reserved');
    if (refused.length === 0) return refused;
    const why = await database.run(
      { table: 'reservations', operation: 'select' },
      () => reserving.whyNot(refused),
      'soon',
    );
    const judged = readWhyNot(refused, why);
    return refused.filter((one, index) => {
      const result = judged[index] ?? 'no_credit';
      if (result !== 'again') results.set(one, result);
      return result === 'again';
    });
  }

  async function settleAll(group: readonly Settlement[]): Promise<readonly undefined[]> {
    const statements = settleGroup(group, nextBatch());
    await database.run({ table: 'ledger', operation: 'insert' }, () => statements);
    return group.map(() => undefined);
  }

  const reservations = new GroupCommit<Reservation, ReserveResult>(reserveAll, MAX_GROUP);
  const settlements = new GroupCommit<Settlement, undefined>(settleAll, MAX_GROUP);
  return {
    reserve: (reservation) => {
      requireAmount('amountMicro', reservation.amountMicro);
      return reservations.add(reservation);
    },
    settle: (charge) => {
      requireAmount('creditsMicro', charge.creditsMicro);
      return settlements.add({ kind: 'charge', charge });
    },
    release: ({ requestId, userId, keyId }) => settlements.add({ kind: 'release', requestId, userId, keyId }),
    async grant(grant) {
      if (!Number.isSafeInteger(grant.amountMicro)) throw notAnAmount('amountMicro', grant.amountMicro);
      const statements = grantStatements(db, dialect, grant, nextBatch());
      const results = await database.run({ table: 'ledger', operation: 'grant' }, () => statements);
      const balance = results.at(-1)?.[0]?.balance;
      return balance === undefined ? null : Number(balance);
    },
    async expire(nowMs) {
      const statements = expireReservations(db, dialect, nowMs);
      await database.run({ table: 'reservations', operation: 'delete' }, () => statements);
    },
    async idle() {
      await reservations.idle();
      await settlements.idle();
    },
  };
}

function requireAmount(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) throw notAnAmount(name, value);
}

function notAnAmount(name: string, value: number): SqlError {
  return new SqlError('invalid', `${name}: expected a whole number of micro-credits, received ${value}`);
}
