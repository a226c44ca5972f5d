import { calcPrice, findProvider, type ModelPrice, type Provider } from '@pydantic/genai-prices';
import { flatRate, type Rate, type Rates, toPicoUsdPerToken } from './rates.ts';

/** How a price was found: under the very name, under another name of the model, or not at all. */
export type PriceMatch = 'exact' | 'alias' | 'missing';

/** A price as an operator writes it, in US dollars per million tokens. */
export interface ConfiguredPrice {
  readonly inputUsdPerMillion: number;
  readonly outputUsdPerMillion: number;
  readonly cachedInputUsdPerMillion?: number | undefined;
}

/** What a model at a provider costs; `rates` is null only where the match is `missing`. */
export type FoundPrice =
  | { readonly match: 'exact' | 'alias'; readonly rates: Rates }
  | { readonly match: 'missing'; readonly rates: null };

/** A provider whose prices are asked for. */
export interface PricedProvider {
  readonly name: string;
  readonly baseUrl: string;
  /** By model; goes before every published price. */
  readonly prices: Readonly<Record<string, ConfiguredPrice>>;
}

const MISSING: FoundPrice = { match: 'missing', rates: null };

/**
 * Finds what a model costs at a provider at a time: as configured, else as published (`@pydantic/genai-prices`),
 * where the provider is known by its base URL. A model's name alone says nothing: an own server may serve it too.
 */
export function findPrice(provider: PricedProvider, model: string, epochMs: number): FoundPrice {
  if (Object.hasOwn(provider.prices, model)) {
    return { match: 'exact', rates: fromConfigured(provider.prices[model] as ConfiguredPrice) };
  }
  const known = findProvider({ providerApiUrl: provider.baseUrl });
  return known === undefined ? MISSING : findPublished(known, model, epochMs);
}

function findPublished(provider: Provider, model: string, epochMs: number): FoundPrice {
  try {
    const found = calcPrice({}, model, { providerId: provider.id, timestamp: new Date(epochMs) });
    if (found === null) return MISSING;
    const rates = fromPublished(found.model_price);
    if (rates === null) return MISSING;
    const isExact = found.provider.id === provider.id && found.model.id === model;
    return { match: isExact ? 'exact' : 'alias', rates };
  } catch {
    // Data that the library itself finds contradictory.
    return MISSING;
  }
}

function fromConfigured(price: ConfiguredPrice): Rates {
  const input = flatRate(price.inputUsdPerMillion);
  const cached = price.cachedInputUsdPerMillion;
  return {
    input,
    output: flatRate(price.outputUsdPerMillion),
    cachedInput: cached === undefined ? input : flatRate(cached),
    cacheWrite: input,
    request: 0,
  };
}

/** Null where neither input nor output has a price per token: such a model is charged by what is not counted here. */
function fromPublished(price: ModelPrice): Rates | null {
  const { input_mtok: input, output_mtok: output } = price;
  if (input === undefined && output === undefined) return null;
  const perInput = toRate(input) ?? flatRate(0);
  const perThousand = price.requests_kcount;
  return {
    input: perInput,
    output: toRate(output) ?? flatRate(0),
    cachedInput: toRate(price.cache_read_mtok) ?? perInput,
    cacheWrite: toRate(price.cache_write_mtok) ?? perInput,
    // A thousandth of a dollar is a billion pico-USD.
    request: typeof perThousand === 'number' ? Math.round(perThousand * 1e9) : 0,
  };
}

function toRate(price: ModelPrice[string]): Rate | null {
  if (price === undefined) return null;
  if (typeof price === 'number') return flatRate(price);
  return {
    base: toPicoUsdPerToken(price.base),
    tiers: price.tiers.map((tier) => ({ above: tier.start, rate: toPicoUsdPerToken(tier.price) })),
  };
}
