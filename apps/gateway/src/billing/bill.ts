import type { PriceMatch, TokenUsage } from '@gatewayz/pricing';

/** What a request cost. */
export interface Bill {
  readonly usage: TokenUsage;
  /** Whether the provider reported no usage, so that it had to be counted from the texts. */
  readonly isEstimated: boolean;
  readonly match: PriceMatch;
  /** Null: the model has no known price, which is not to be taken for free. */
  readonly costMicroUsd: number | null;
  readonly creditsMicro: number;
}
