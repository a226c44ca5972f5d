import { randomUUID } from 'node:crypto';
import type { Grant } from '../ledger/charge.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { AccountError } from './account-error.ts';
import { type AccountStore, runQuery } from './account-store.ts';
import { creditRefusal } from './give-credits.ts';
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

  async function balanceOf(userId: string): Promise<number> {
    const { granted_micro: granted, charged_micro: charged } = await users.get(userId);
    return granted - charged;
  }

  return {
    async change(change) {
      const { userId, kind, amountMicro, idempotencyKey = randomUUID() } = change;
      const before = await balanceOf(userId);
      const id = `credit:${userId}:${idempotencyKey}`;
      if (await isDone(id, change)) return before;
      const balance = await ledger.grant({ id, userId, kind, amountMicro, atMs: epochNow() });
      if (!(await isDone(id, change))) throw creditRefusal(amountMicro);
      return balance ?? balanceOf(userId);
    },
  };
}
