import type { Grant } from '../ledger/charge.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { AccountError } from './account-error.ts';

/**
 * Grants credits that somebody was promised, once for each id. Rejects with an `AccountError` where all grants of the
 * user would be more than a number holds exactly, and with a `SqlError`.
 */
export async function giveCredits(ledger: Pick<Ledger, 'grant'>, grant: Omit<Grant, 'kind'>): Promise<void> {
  const balance = await ledger.grant({ ...grant, kind: 'grant' });
  if (balance === null) throw creditRefusal(grant.amountMicro);
}

/** Why the ledger did not take a change of a user's credits. */
export function creditRefusal(amountMicro: number): AccountError {
  return new AccountError(
    'conflict',
    amountMicro < 0
      ? 'The balance is too low to take so much.'
      : 'All grants of a user are 9,007,199,254,740,991 micro-credits at most.',
  );
}
