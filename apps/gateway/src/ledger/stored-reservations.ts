import type { Database } from '@gatewayz/database';
import type { Reservation, ReserveResult } from './charge.ts';
import type { CommitGroup } from './group-commit.ts';
import { readWhyNot, reserveStatements } from './reserve-statements.ts';

/** Commits reservations to the database: groups of them, held against credit and budgets as a whole. */
export function storedReservations(
  database: Database,
  epochNow: () => number,
  nextBatch: () => string,
): CommitGroup<Reservation, ReserveResult> {
  const reserving = reserveStatements(database.dialect);

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

  return async (group) => {
    const results = new Map<Reservation, ReserveResult>();
    for (let left = group; left.length > 0; ) left = await reservePass(left, results);
    return group.map((one) => results.get(one) ?? 'no_credit');
  };
}
