import { randomUUID } from 'node:crypto';
import { SqlError } from '@gatewayz/database';
import type { Grant } from '../ledger/charge.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { UserColumns } from '../store/tables.ts';
import { AccountError } from './account-error.ts';
import { type AccountStore, runQuery } from './account-store.ts';
import type { Users } from './users.ts';

export interface CreditChange {
  readonly userId: string;
  readonly kind: Grant['kind'];
  /** Micro-credits; below zero to take some back. */
  readonly amountMicro: number;
  /** The same key does nothing a second time; made where it is absent. */
  readonly idempotencyKey?: string | undefined;
}

/** Credits given or taken by hand. Rejects with `AccountError` and `SqlError`. */
export interface Credits {
  /** Resolves to the balance after it, in micro-credits. */
  change(change: CreditChange): Promise<number>;
}

export function createCredits(store: AccountStore, ledger: Pick<Ledger, 'grant'>, users: Users): Credits {
  const { db, epochNow } = store;

  /** Whether this was done before; throws where something else was done under the key. */
  async function isDone(id: string, { kind, amountMicro }: CreditChange): Promise<boolean> {
    const query = db.selectFrom('ledger').select(['kind', 'credits_micro']).where('request_id', '=', id);
    const rows = await runQuery(store, ['ledger', 'select'], query);
    if (rows.some((row) => row.kind !== kind || row.credits_micro !== amountMicro)) {
      throw new AccountError('conflict', 'The idempotency key was used for another change of credits.');
    }
    return rows.length > 0;
  }

  return {
    async change(change) {
      const { userId, kind, amountMicro, idempotencyKey = randomUUID() } = change;
      const user = await users.get(userId);
      const { granted_micro: granted, charged_micro: charged } = user;
      const id = `credit:${userId}:${idempotencyKey}`;
      if (await isDone(id, change)) return granted - charged;
      refuseExcess(user, amountMicro);
      const grant = { id, userId, kind, amountMicro, atMs: epochNow() };
      const balance = await ledger.grant(grant).catch(async (error: unknown) => {
        // Of several changes at once each finds that it is possible, and the database takes only some.
        if (error instanceof SqlError && error.code === 'failed')
          refuseExcess(await users.get(userId), amountMicro);
        throw error;
      });
      await isDone(id, change);
      return balance ?? granted - charged;
    },
  };
}

/** Throws where the balance would fall below zero, or what was ever granted would be no exact number. */
function refuseExcess({ granted_micro: granted, charged_micro: charged }: UserColumns, amount: number): void {
  if (amount < 0 && granted - charged + amount < 0)
    throw new AccountError('conflict', 'The balance is too low to take so much.');
  if (granted + amount > Number.MAX_SAFE_INTEGER)
    throw new AccountError(
      'conflict',
      'All grants of a user are 9,007,199,254,740,991 micro-credits at most.',
    );
}
