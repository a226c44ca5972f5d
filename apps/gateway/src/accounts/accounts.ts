import type { Database } from '@gatewayz/database';
import type { Ledger } from '../ledger/ledger.ts';
import { type AccountCounts, countAccounts } from './account-counts.ts';
import { createAccountStore } from './account-store.ts';
import { type Credits, createCredits } from './credits.ts';
import type { KeyDirectory } from './key-directory.ts';
import { createKeys, type Keys } from './keys.ts';
import { createPlans, type Plans } from './plans.ts';
import { createSubscriptionGrants } from './subscription-grants.ts';
import { createSubscriptions, type Subscriptions } from './subscriptions.ts';
import { createTrials, type Trials } from './trials.ts';
import { createUsers, type Users } from './users.ts';

/** What an operator can do with accounts. */
export interface Accounts {
  readonly users: Users;
  readonly keys: Keys;
  readonly plans: Plans;
  readonly subscriptions: Subscriptions;
  readonly trials: Trials;
  readonly credits: Credits;
  /** Grants the credits of billing cycles that have begun; rejects with a `SqlError` or an `AccountError`. */
  grantDue(): Promise<void>;
  /** One cheap query for each kind; not for the path of a scrape. */
  counts(): Promise<AccountCounts>;
}

export interface AccountsParts {
  readonly database: Database;
  readonly ledger: Pick<Ledger, 'grant' | 'held'>;
  /** Hears at once of what is changed here. */
  readonly directory: Pick<KeyDirectory, 'forgetKey' | 'forgetUser'>;
  readonly pepper: Buffer;
  readonly epochNow: () => number;
}

/** Creates the accounts on an open database of the gateway's schema. */
export function createAccounts(parts: AccountsParts): Accounts {
  const { database, ledger, directory, pepper, epochNow } = parts;
  const store = createAccountStore(database, epochNow);
  const users = createUsers(store, directory, ledger.held);
  const plans = createPlans(store);
  const grants = createSubscriptionGrants(store, ledger);
  return {
    users,
    keys: createKeys({ store, users, directory, pepper, held: ledger.held }),
    plans,
    subscriptions: createSubscriptions({ store, grants, users, plans, directory }),
    trials: createTrials(store, ledger, users),
    credits: createCredits(store, ledger, users),
    grantDue: () => grants.grantAll(),
    counts: () => countAccounts(store),
  };
}
