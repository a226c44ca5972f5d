import type { TokenUsage } from '@gatewayz/pricing';

/**
 * The most that one request is reserved or charged, in micro-credits: a thousandth of what a number holds exactly, so
 * that sums of amounts are exact too.
 */
export const MAX_AMOUNT_MICRO: number = Math.floor(Number.MAX_SAFE_INTEGER / 1000);

/** What a request that is about to begin may cost at most, in micro-credits. */
export interface Reservation {
  readonly requestId: string;
  readonly userId: string;
  readonly keyId: string;
  readonly amountMicro: number;
  /** From when on the request counts as one that will never be settled, in epoch milliseconds. */
  readonly expiresAtMs: number;
}

/** Whether a request may begin, or why not. */
export type ReserveResult = 'reserved' | 'no_credit' | 'budget_spent' | 'unknown_user';

/** What a request that has ended cost. */
export interface Charge {
  readonly requestId: string;
  readonly userId: string;
  readonly keyId: string;
  readonly atMs: number;
  readonly provider: string;
  readonly model: string;
  readonly usage: TokenUsage;
  /** Null: the model has no known price. */
  readonly costMicroUsd: number | null;
  readonly creditsMicro: number;
  readonly isEstimated: boolean;
  readonly isStreaming: boolean;
}

/** Credits given or taken by hand; the same id does nothing a second time. */
export interface Grant {
  readonly id: string;
  readonly userId: string;
  readonly kind: 'grant' | 'adjust';
  /** Micro-credits; of either sign for an adjustment. */
  readonly amountMicro: number;
  readonly atMs: number;
}
