import type { Secrets } from '@gatewayz/config';
import type { BusinessMetrics, CacheMetrics } from '@gatewayz/observability';
import type { Books } from '../billing/open-books.ts';
import { describeError, log } from '../log.ts';
import type { AccountCounts } from './account-counts.ts';
import { type Accounts, createAccounts } from './accounts.ts';
import { createKeyDirectory, type KeyDirectory } from './key-directory.ts';
import { openKeyPepper } from './key-pepper.ts';
import { createRepeatedWork } from './repeated-work.ts';

/** Users and their keys, on the gateway's database. */
export interface OpenAccounts {
  readonly accounts: Accounts;
  readonly directory: KeyDirectory;
  /** Begins to count them. */
  start(): void;
  /** Begins what one process of a machine does for all: it grants the credits of billing cycles. */
  lead(): void;
  stop(): Promise<void>;
}

/** Where the numbers of accounts are shown. */
export interface AccountMetrics {
  readonly business: BusinessMetrics;
  readonly cache: CacheMetrics;
}

const MICRO = 1_000_000;
const COUNT_PAUSE_MS = 15_000;
const GRANT_PAUSE_MS = 60_000;

/** Opens the accounts. Rejects where the secret that keys are hashed with is missing although there are keys. */
export async function openAccounts(
  { database, ledger }: Books,
  { keyPepper }: Secrets,
  dataFolder: string,
  { business, cache }: AccountMetrics,
): Promise<OpenAccounts> {
  const pepper = await openKeyPepper({ configured: keyPepper, dataFolder, database });
  const directory = createKeyDirectory({
    database,
    pepper,
    now: () => performance.now(),
    epochNow: Date.now,
    onCache: (result) => (result === 'hit' ? cache.hit() : cache.miss()),
    onTrouble: (error) => log('error', 'keys cannot be read', describeError(error)),
  });
  const accounts = createAccounts({ database, ledger, directory, pepper, epochNow: Date.now });
  const counting = createRepeatedWork({
    work: async () => showCounts(business, await accounts.counts()),
    onTrouble: (error) => log('warn', 'accounts could not be counted', describeError(error)),
    pauseMs: COUNT_PAUSE_MS,
  });
  const granting = createRepeatedWork({
    work: () => accounts.grantDue(),
    onTrouble: (error) => log('error', 'credits of subscriptions could not be granted', describeError(error)),
    pauseMs: GRANT_PAUSE_MS,
  });
  return {
    accounts,
    directory,
    start: () => counting.start(),
    lead: () => granting.start(),
    async stop() {
      await Promise.all([counting.stop(), granting.stop()]);
    },
  };
}

function showCounts(business: BusinessMetrics, { balances, ...counts }: AccountCounts): void {
  business.set({
    ...counts,
    balances: balances.map(({ planType, balanceMicro }) => ({ planType, credits: balanceMicro / MICRO })),
  });
}
