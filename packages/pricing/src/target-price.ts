import { type FoundPrice, findPrice, type PricedProvider, type PriceMatch } from './price-table.ts';
import { toMicroUsd } from './rates.ts';
import type { TokenUsage } from './usage.ts';

/** What one model at one provider costs, found once and kept. */
export interface TargetPrice {
  /** How the price was found the last time. */
  readonly match: PriceMatch;
  /** What a usage costs now, in micro-USD; null where the model has no known price. */
  cost(usage: TokenUsage, epochMs: number): number | null;
}

/** Some prices depend on the time of the day, to the minute; a lookup takes about as long as a whole request. */
const KEPT_MS = 60_000;

/** Creates the price of one target. */
export function createTargetPrice(provider: PricedProvider, model: string): TargetPrice {
  let found: FoundPrice | null = null;
  let minute = Number.NaN;

  function at(epochMs: number): FoundPrice {
    const now = Math.floor(epochMs / KEPT_MS);
    if (found === null || now !== minute) {
      found = findPrice(provider, model, epochMs);
      minute = now;
    }
    return found;
  }
  return {
    get match() {
      return found?.match ?? 'missing';
    },
    cost(usage, epochMs) {
      const { rates } = at(epochMs);
      return rates === null ? null : toMicroUsd(rates, usage);
    },
  };
}
