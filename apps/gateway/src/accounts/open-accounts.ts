import type { Secrets } from '@gatewayz/config';
import type { BusinessMetrics, CacheMetrics } from '@gatewayz/observability';
import type { Books } from '../billing/open-books.ts';
import { describeError, log } from '../log.ts';
import { type Accounts, createAccounts } from './accounts.ts';
import { createCountsCollector } from './counts-collector.ts';
import { createKeyDirectory, type KeyDirectory } from './key-directory.ts';
import { openKeyPepper } from './key-pepper.ts';

/** Users and their keys, on the gateway's database. */
export interface OpenAccounts {
  readonly accounts: Accounts;
  readonly directory: KeyDirectory;
  /** Begins to count them. */
  start(): void;
  stop(): Promise<void>;
}

/** Where the numbers of accounts are shown. */
export interface AccountMetrics {
  readonly business: BusinessMetrics;
  readonly cache: CacheMetrics;
}

const MICRO = 1_000_000;

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
  const collector = createCountsCollector({
    counts: () => accounts.counts(),
    onCounts: ({ balances, ...counts }) =>
      business.set({
        ...counts,
        balances: balances.map(({ planType, balanceMicro }) => ({ planType, credits: balanceMicro / MICRO })),
      }),
    onTrouble: (error) => log('warn', 'accounts could not be counted', describeError(error)),
  });
  return { accounts, directory, start: () => collector.start(), stop: () => collector.stop() };
}
