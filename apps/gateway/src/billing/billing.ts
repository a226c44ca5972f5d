import type { TokenUsage } from '@gatewayz/pricing';
import type { Outcome } from '@gatewayz/provider-health';
import type { ApiErrorDetails } from '../http/api-error.ts';
import type { Exchange } from '../inference/exchange.ts';
import type { ReserveResult } from '../ledger/charge.ts';
import type { Bill } from './bill.ts';
import { estimateUsage } from './estimate-usage.ts';
import type { Books } from './open-books.ts';
import { boundMicroUsd } from './reservation-amount.ts';

/** Lets requests begin that can be paid for, and charges those that have ended. */
export interface Billing {
  /** Null where the request may begin at once; else resolves to null, or to why it may not. Never rejects. */
  admit(exchange: Exchange): Promise<ApiErrorDetails | null> | null;
  /**
   * Puts the bill on the exchange and charges it; to be called once, when the outcome is known. Null where nobody has
   * to wait for that; else resolves when the charge is durable. Never rejects.
   */
  settle(exchange: Exchange, outcome: Outcome): Promise<void> | null;
}

export interface BillingOptions {
  /** Null: prices are shown, and nothing is written down. */
  readonly books: Pick<Books, 'ledger' | 'settlements' | 'dailyUsage'> | null;
  readonly creditsPerUsd: number;
  /** What a request without a limit of its own is taken to ask for. */
  readonly defaultOutputTokens: number;
  /** The most that a request may take. */
  readonly totalMs: number;
  readonly epochNow: () => number;
  readonly onError: (error: unknown, requestId: string) => void;
}

/** A request that was never settled is given up as long after its deadline as it might have taken, or this. */
const MAX_GRACE_MS = 60_000;

/** Creates the billing of all requests. */
export function createBilling(options: BillingOptions): Billing {
  const { books, creditsPerUsd, epochNow } = options;
  const graceMs = Math.min(options.totalMs, MAX_GRACE_MS);
  const toCredits = (microUsd: number): number => Math.round(microUsd * creditsPerUsd);

  function toBill(exchange: Exchange, usage: TokenUsage, isEstimated: boolean): Bill | null {
    const target = exchange.attempts.at(-1)?.target;
    if (target === undefined) return null;
    const costMicroUsd = target.cost.cost(usage, epochNow());
    const creditsMicro = costMicroUsd === null ? 0 : toCredits(costMicroUsd);
    return { usage, isEstimated, match: target.cost.match, costMicroUsd, creditsMicro };
  }

  function charge(exchange: Exchange, bill: Bill | null): Promise<void> | null {
    exchange.payment.bill = bill;
    if (books === null) return null;
    const { id, caller } = exchange.arrival;
    const { userId, keyId } = caller;
    if (bill === null) {
      if (!exchange.payment.isReserved) return null;
      const released = books.ledger.release({ requestId: id, userId, keyId });
      return released === null ? null : released.catch((error: unknown) => options.onError(error, id));
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
      const usage = await estimateUsage(exchange);
      await charge(exchange, toBill(exchange, usage, true));
    } catch (error) {
      options.onError(error, exchange.arrival.id);
    }
  }

  return {
    admit(exchange) {
      const { caller, route, request, id } = exchange.arrival;
      if (books === null || caller.userId === '') return null;
      const now = epochNow();
      const amountMicro = toCredits(boundMicroUsd(route, request, options.defaultOutputTokens, now));
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
        options.onError(error, id);
        return LEDGER_AWAY;
      });
    },
    settle(exchange, outcome) {
      if (!isBillable(exchange, outcome)) return charge(exchange, null);
      const { usage } = exchange;
      return usage === null ? estimate(exchange) : charge(exchange, toBill(exchange, usage, false));
    },
  };
}

/** Whole answers are paid for, and what a client that left had been given until then. */
function isBillable({ stream }: Exchange, outcome: Outcome): boolean {
  return outcome === 'success' || (outcome === 'client_closed' && (stream?.chunks ?? 0) > 0);
}

const LEDGER_AWAY: ApiErrorDetails = {
  status: 503,
  type: 'overloaded_error',
  code: 'ledger_unavailable',
  message: 'The credit of this key cannot be checked at the moment.',
  retryAfterSeconds: 5,
};

function toRefusal(result: ReserveResult): ApiErrorDetails | null {
  const details = { status: 402, type: 'insufficient_quota', code: 'insufficient_quota' } as const;
  switch (result) {
    case 'reserved':
      return null;
    case 'no_credit':
      return { ...details, message: 'There is not enough credit for this request.' };
    case 'budget_spent':
      return { ...details, message: 'The budget of this key does not allow for this request.' };
    case 'unknown_user':
      return {
        status: 403,
        type: 'permission_error',
        code: 'user_disabled',
        message: 'The user of this key is disabled.',
      };
    default:
      return result satisfies never;
  }
}
