import type { TokenUsage } from './usage.ts';

/** A price that may depend on how long the whole input is; in pico-USD (10⁻¹² USD) per token. */
export interface Rate {
  readonly base: number;
  /** For requests of more input tokens than `above`, in rising order; the price is that of all their tokens. */
  readonly tiers: readonly { readonly above: number; readonly rate: number }[];
}

/** What a model costs. */
export interface Rates {
  readonly input: Rate;
  readonly output: Rate;
  /** As ordinary input where it has no price of its own. */
  readonly cachedInput: Rate;
  readonly cacheWrite: Rate;
  /** Pico-USD per request. */
  readonly request: number;
}

const PICO_PER_MICRO = 1_000_000n;

/** One US dollar per million tokens is a million pico-USD per token. */
const PICO_PER_USD_PER_MILLION = 1_000_000;

/** A published price in US dollars per million tokens, as a whole number of pico-USD per token. */
export function toPicoUsdPerToken(usdPerMillion: number): number {
  return Math.round(usdPerMillion * PICO_PER_USD_PER_MILLION);
}

/** The same price for every length. */
export function flatRate(usdPerMillion: number): Rate {
  return { base: toPicoUsdPerToken(usdPerMillion), tiers: [] };
}

/** What a usage costs, in whole micro-USD, half of one rounded up: the sum is exact before it is rounded. */
export function toMicroUsd(rates: Rates, usage: TokenUsage): number {
  const { inputTokens, outputTokens, cachedInputTokens, cacheWriteTokens } = usage;
  const plain = inputTokens - cachedInputTokens - cacheWriteTokens;
  const pico =
    times(rateFor(rates.input, inputTokens), plain) +
    times(rateFor(rates.cachedInput, inputTokens), cachedInputTokens) +
    times(rateFor(rates.cacheWrite, inputTokens), cacheWriteTokens) +
    times(rateFor(rates.output, inputTokens), outputTokens) +
    BigInt(rates.request);
  return Number((pico + PICO_PER_MICRO / 2n) / PICO_PER_MICRO);
}

function rateFor({ base, tiers }: Rate, inputTokens: number): number {
  let rate = base;
  for (const tier of tiers) if (inputTokens > tier.above) rate = tier.rate;
  return rate;
}

function times(rate: number, tokens: number): bigint {
  return BigInt(rate) * BigInt(tokens);
}
