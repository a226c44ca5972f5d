export { type CountTokens, loadTokenizer } from './estimate-tokens.ts';
export {
  type ConfiguredPrice,
  type FoundPrice,
  findPrice,
  type PricedProvider,
  type PriceMatch,
} from './price-table.ts';
export { type Rate, type Rates, toMicroUsd } from './rates.ts';
export { readTokenUsage } from './read-token-usage.ts';
export { createTargetPrice, type TargetPrice } from './target-price.ts';
export type { TokenUsage } from './usage.ts';
