import type { Price } from '@gatewayz/config';
import { type ProbeCost, toMicroUsd } from '../core/probe-budget.ts';
import { PROBE_MAX_TOKENS } from '../core/probe-plan.ts';
import { type CompletionProbe, PROMPT_TOKENS } from './probe-completion.ts';

/** What one completion can cost at the most, as far as the model keeps to its limit; unpriced models cost tokens only. */
export function highestCost(price: Price | null): ProbeCost {
  return costOf(PROMPT_TOKENS, PROBE_MAX_TOKENS, price);
}

/** What a completion has cost: by the provider's own count, and where it told none the most that it can have been. */
export function actualCost({ usage, mayHaveCost }: CompletionProbe, price: Price | null): ProbeCost {
  if (usage !== null) return costOf(usage.inputTokens, usage.outputTokens, price);
  return mayHaveCost ? highestCost(price) : { tokens: 0, microUsd: 0 };
}

function costOf(inputTokens: number, outputTokens: number, price: Price | null): ProbeCost {
  const microUsd =
    price === null
      ? 0
      : toMicroUsd(inputTokens, price.inputUsdPerMillion) +
        toMicroUsd(outputTokens, price.outputUsdPerMillion);
  return { tokens: inputTokens + outputTokens, microUsd };
}
