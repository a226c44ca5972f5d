import { SqlError, type SqlRow, type SqlStatement, toStatement, toStorableText } from '@gatewayz/database';
import type { Spent } from './health-store.ts';
import type { Builder } from './schema.ts';

/** Reads a row of the budget table; no row means that nothing was spent. */
export function toSpent(row: SqlRow | undefined): Spent {
  return { tokens: Number(row?.tokens ?? 0), microUsd: Number(row?.micro_usd ?? 0) };
}

function requireWhole(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 0) return;
  throw new SqlError('invalid', `${name}: expected a whole number of 0 or more, received ${value}`);
}

/** Writes the statements for the table of budgets. */
export class BudgetStatements {
  readonly #db: Builder;

  constructor(db: Builder) {
    this.#db = db;
  }

  read(provider: string, day: string): SqlStatement {
    return toStatement(
      this.#db
        .selectFrom('budgets')
        .select(['tokens', 'micro_usd'])
        .where('provider', '=', toStorableText(provider))
        .where('day', '=', day),
    );
  }

  /** Gives the new sums. Throws a `SqlError` with code `invalid` on what is no amount. */
  add(provider: string, day: string, tokens: number, microUsd: number): SqlStatement {
    requireWhole('tokens', tokens);
    requireWhole('microUsd', microUsd);
    return toStatement(
      this.#db
        .insertInto('budgets')
        .values({ provider: toStorableText(provider), day, tokens, micro_usd: microUsd })
        .onConflict((conflict) =>
          conflict.columns(['provider', 'day']).doUpdateSet((expression) => ({
            tokens: expression('budgets.tokens', '+', expression.ref('excluded.tokens')),
            micro_usd: expression('budgets.micro_usd', '+', expression.ref('excluded.micro_usd')),
          })),
        )
        .returning(['tokens', 'micro_usd']),
    );
  }
}
