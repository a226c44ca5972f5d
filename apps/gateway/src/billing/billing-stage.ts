import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProviderConfig } from '@gatewayz/config';
import type { SqlRow } from '@gatewayz/database';
import type { Caller } from '../inference/caller.ts';
import { type ExchangeStage, type FakeCall, readAll, startExchanges } from '../inference/exchange-fixture.ts';
import { createDailyUsage } from '../ledger/daily-usage.ts';
import { openLedger } from '../ledger/ledger-stage.ts';
import { openSettlements } from '../ledger/settlements.ts';
import { type Billing, type BillingOptions, createBilling } from './billing.ts';

export const USAGE = '"usage":{"prompt_tokens":1000,"completion_tokens":500}';
export const ANSWER: string = `{"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}],${USAGE}}`;
export const UNREPORTED = '{"choices":[{"message":{"content":"Hello, world!"}}]}';
export const ANN: Caller = { keyId: 'laptop', userId: 'ann' };
/** 1,000 tokens in and 500 out, at one and two dollars a million. */
export const COST_MICRO = 2000;
const PRICES = { large: { inputUsdPerMillion: 1, outputUsdPerMillion: 2 } };

/** Exchanges that are billed, and what the books say of them. */
export interface BillingStage extends ExchangeStage {
  readonly errors: readonly unknown[];
  /** Providers whose usage was not believed. */
  readonly disbelieved: readonly string[];
  user(): Promise<SqlRow | undefined>;
  charges(): Promise<readonly SqlRow[]>;
  dailyUsage(): Promise<readonly SqlRow[]>;
  reserved(): Promise<readonly SqlRow[]>;
  breakLedger(): Promise<void>;
  backlog(): number;
}

/** A ledger on the disk with a user who has so much credit, and exchanges that are billed there. */
export async function openStage(
  grantedMicro: number,
  caller: Caller = ANN,
  { prices = PRICES, ...more }: Partial<BillingOptions> & { prices?: ProviderConfig['prices'] } = {},
): Promise<BillingStage> {
  const folder = await mkdtemp(join(tmpdir(), 'gatewayz-billing-'));
  const stage = await openLedger(null, folder);
  await stage.addUser('ann', { granted_micro: grantedMicro });
  await stage.addKey('laptop', 'ann');
  const settlements = await openSettlements({
    ledger: stage.ledger,
    folder: join(folder, 'journal'),
    prefix: 'charges',
    onTrouble: () => {},
  });
  const dailyUsage = createDailyUsage({ database: stage.database, onTrouble: () => {} });
  const errors: unknown[] = [];
  const disbelieved: string[] = [];
  const billing: Billing = createBilling({
    books: { ledger: stage.ledger, settlements, dailyUsage },
    creditsPerUsd: 1,
    unpriced: 'refuse',
    defaultOutputTokens: 1024,
    totalMs: 1000,
    epochNow: Date.now,
    onError: (error) => errors.push(error),
    onDisbelief: ({ provider }) => disbelieved.push(provider.name),
    ...more,
  });
  const exchanges = await startExchanges(['only'], { billing }, { caller, prices });
  return {
    ...exchanges,
    errors,
    disbelieved,
    async user() {
      await stage.ledger.written();
      return stage.user('ann');
    },
    async charges() {
      await stage.ledger.written();
      return stage.rows('ledger');
    },
    dailyUsage: async () => {
      await dailyUsage.flush();
      return stage.rows('daily_usage');
    },
    async reserved() {
      await stage.ledger.idle();
      return stage.rows('reservations');
    },
    breakLedger: () => stage.database.close(),
    backlog: () => settlements.backlog(),
    async [Symbol.asyncDispose]() {
      await exchanges[Symbol.asyncDispose]();
      await stage.ledger.idle();
      await settlements.close();
      await stage[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

/** The charge of the one request that is asked for and answered with this. */
export async function chargeFor(
  stage: BillingStage,
  asked: object,
  answer: (call: FakeCall) => void,
): Promise<SqlRow | undefined> {
  const { client } = await stage.ask(asked);
  answer(await stage.call());
  await readAll(client);
  const [charge] = await stage.charges();
  return charge;
}
