import type { LedgerConfig } from '@gatewayz/config';
import type { TokenUsage } from '@gatewayz/pricing';
import type { Outcome } from '@gatewayz/provider-health';
import type { ApiErrorDetails } from '../http/api-error.ts';
import type { Exchange } from '../inference/exchange.ts';
import { MAX_AMOUNT_MICRO, type ReserveResult } from '../ledger/charge.ts';
import type { Target } from '../providers/provider.ts';
import type { Bill } from './bill.ts';
import { estimateUsage } from './estimate-usage.ts';
import { isBelievable } from './is-believable.ts';
import type { Books } from './open-books.ts';
import { LEDGER_AWAY, toRefusal, unpricedRefusal } from './refusals.ts';
import { boundMicroUsd } from './reservation-amount.ts';
import { TokenCounter } from './token-counter.ts';

/** Lets requests begin that can be paid for, and charges those that have ended. */
export interface Billing {
  /** Null where the request may begin at once; else resolves to null, or to why it may not. Never rejects. */
  admit(exchange: Exchange): Promise<ApiErrorDetails | null> | null;
  /**
   * Puts the bill on the exchange and charges it; to be called once, when the outcome is known. Null where nobody has
   * to wait for that; else resolves when the charge is durable. Never throws or rejects.
   */
  settle(exchange: Exchange, outcome: Outcome): Promise<void> | null;
}

export interface BillingOptions {
  /** Null: prices are shown, and nothing is written down. */
  readonly books: Pick<Books, 'ledger' | 'settlements' | 'dailyUsage'> | null;
  readonly creditsPerUsd: number;
  /** What becomes of requests that a user pays for where a target has no known price. */
  readonly unpriced: LedgerConfig['unpriced'];
  /** What a request without a limit of its own is taken to ask for. */
  readonly defaultOutputTokens: number;
  /** The most that a request may take. */
  readonly totalMs: number;
  readonly epochNow: () => number;
  readonly onError: (error: unknown, requestId: string) => void;
  /** Hears of every usage that was not believed, and so estimated instead. */
  readonly onDisbelief: (target: Target, reported: TokenUsage) => void;
}

/** A request that was never settled is given up as long after its deadline as it might have taken, or this. */
const MAX_GRACE_MS = 60_000;

/** Creates the billing of all requests. */
export function createBilling(options: BillingOptions): Billing {
  const { books, creditsPerUsd, epochNow, onError } = options;
  const counter = new TokenCounter();
  const graceMs = Math.min(options.totalMs, MAX_GRACE_MS);
  const toCredits = (microUsd: number): number =>
    Math.min(MAX_AMOUNT_MICRO, Math.round(microUsd * creditsPerUsd));

  function toBill(exchange: Exchange, usage: TokenUsage, isEstimated: boolean): Bill | null {
    const target = exchange.attempts.at(-1)?.target;
    if (target === undefined) return null;
    const cost = target.cost.cost(usage, epochNow());
    const costMicroUsd = cost === null ? null : Math.min(MAX_AMOUNT_MICRO, cost);
    const creditsMicro = costMicroUsd === null ? 0 : toCredits(costMicroUsd);
    return { usage, isEstimated, match: target.cost.match, costMicroUsd, creditsMicro };
  }

  function charge(exchange: Exchange, bill: Bill | null): Promise<void> | null {
    exchange.payment.bill = bill;
    if (books === null) return null;
    const { id, caller } = exchange.arrival;
    const { userId, keyId } = caller;
    if (bill === null) {
      if (exchange.payment.isReserved) books.ledger.release(id);
      return null;
    }
    const target = exchange.attempts.at(-1)?.target;
    const used = {
      keyId,
      atMs: Math.round(epochNow()),
      provider: target?.provider.name ?? '',
      model: target?.model ?? '',
      usage: bill.usage,
      costMicroUsd: bill.costMicroUsd,
      isEstimated: bill.isEstimated,
    };
    if (userId !== '') {
      const { creditsMicro } = bill;
      const isStreaming = exchange.wantsStream;
      return books.settlements.settle({ ...used, requestId: id, userId, creditsMicro, isStreaming });
    }
    books.dailyUsage.add(used);
    return null;
  }

  async function estimate(exchange: Exchange): Promise<void> {
    try {
      const usage = await estimateUsage(exchange, counter);
      await charge(exchange, toBill(exchange, usage, true));
    } catch (error) {
      onError(error, exchange.arrival.id);
    }
  }

  function settle(exchange: Exchange, outcome: Outcome): Promise<void> | null {
    if (!isBillable(exchange, outcome)) return charge(exchange, null);
    const { usage } = exchange;
    if (usage !== null && isBelievable(exchange, usage))
      return charge(exchange, toBill(exchange, usage, false));
    const target = exchange.attempts.at(-1)?.target;
    if (usage !== null && target !== undefined) options.onDisbelief(target, usage);
    return estimate(exchange);
  }

  /** Micro-credits to be reserved, or why the request cannot be paid for. */
  function priceOf({ route, request }: Exchange['arrival'], now: number): number | ApiErrorDetails {
    const boundMicro = boundMicroUsd(route, request, options.defaultOutputTokens, now);
    const unpriced = route.targets.find(({ cost }) => cost.match === 'missing');
    if (unpriced !== undefined && options.unpriced === 'refuse')
      return unpricedRefusal(request.model, unpriced);
    // Who has nothing left begins nothing that costs anything.
    return boundMicro === 0 ? 0 : Math.max(1, toCredits(boundMicro));
  }

  return {
    admit(exchange) {
      const { caller, id } = exchange.arrival;
      if (books === null || caller.userId === '') return null;
      const now = epochNow();
      const amountMicro = priceOf(exchange.arrival, now);
      if (typeof amountMicro !== 'number') return Promise.resolve(amountMicro);
      const expiresAtMs = Math.round(now + options.totalMs + graceMs);
      const { userId, keyId } = caller;
      const asked = books.ledger.reserve({ requestId: id, userId, keyId, amountMicro, expiresAtMs });
      const judge = (result: ReserveResult): ApiErrorDetails | null => {
        exchange.payment.isReserved = result === 'reserved';
        return toRefusal(result);
      };
      if (asked === 'reserved') {
        judge(asked);
        return null;
      }
      return Promise.resolve(asked).then(judge, (error: unknown) => {
        onError(error, id);
        return LEDGER_AWAY;
      });
    },
    settle(exchange, outcome) {
      try {
        return settle(exchange, outcome);
      } catch (error) {
        onError(error, exchange.arrival.id);
        return null;
      }
    },
  };
}

/** Whole answers are paid for, and what a client that left had been given until then. */
function isBillable({ stream }: Exchange, outcome: Outcome): boolean {
  return outcome === 'success' || (outcome === 'client_closed' && (stream?.chunks ?? 0) > 0);
}
