import { describe, expect, test } from 'vitest';
import { findPrice, type PricedProvider } from './price-table.ts';
import { createTargetPrice } from './target-price.ts';
import type { TokenUsage } from './usage.ts';

const at = (text: string): number => Date.parse(text);
const NOW = at('2026-11-01T12:00:00Z');
const usage = (part: Partial<TokenUsage>): TokenUsage => ({
  inputTokens: 0,
  outputTokens: 0,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
  ...part,
});
const openai: PricedProvider = { name: 'any', baseUrl: 'https://api.openai.com/v1', prices: {} };
const google: PricedProvider = {
  ...openai,
  baseUrl: 'https://generativelanguage.googleapis.com/v1beta/openai',
};

describe('a price', () => {
  test('is found by the base URL, whatever the provider is called here', () => {
    expect(findPrice(openai, 'gpt-4o-mini', NOW)).toMatchObject({
      match: 'exact',
      rates: { input: { base: 150_000 }, output: { base: 600_000 }, cachedInput: { base: 75_000 } },
    });
    expect(findPrice(openai, 'gpt-4o-mini-2024-07-18', NOW).match).toBe('alias');
  });

  test('is missing where provider or model is unknown: a name alone is no price', () => {
    const own = { ...openai, baseUrl: 'http://127.0.0.1:9001/v1' };
    expect(findPrice(own, 'gpt-4o-mini', NOW)).toEqual({ match: 'missing', rates: null });
    expect(findPrice(openai, 'no-such-model', NOW).match).toBe('missing');
    expect(createTargetPrice(own, 'gpt-4o-mini').cost(usage({ inputTokens: 5 }), NOW)).toBeNull();
  });

  test('that is configured goes before a published one', () => {
    const prices = {
      'gpt-4o-mini': { inputUsdPerMillion: 1, outputUsdPerMillion: 2, cachedInputUsdPerMillion: 0.5 },
    };
    const price = createTargetPrice({ ...openai, prices }, 'gpt-4o-mini');
    expect(price.cost(usage({ inputTokens: 1000, outputTokens: 10, cachedInputTokens: 400 }), NOW)).toBe(820);
    expect(price.match).toBe('exact');
  });

  test('names of things that every object has are models like others', () => {
    expect(findPrice(openai, 'constructor', NOW).match).toBe('missing');
  });
});

describe('a cost', () => {
  const mini = createTargetPrice(openai, 'gpt-4o-mini');

  test('is the exact sum in micro-USD, half of one rounded up', () => {
    expect(mini.cost(usage({ inputTokens: 1_000_000, outputTokens: 1_000_000 }), NOW)).toBe(750_000);
    expect(mini.cost(usage({ inputTokens: 10 }), NOW)).toBe(2);
    expect(mini.cost(usage({ inputTokens: 3 }), NOW)).toBe(0);
    expect(mini.cost(usage({ inputTokens: 100_000_000, outputTokens: 100_000_000 }), NOW)).toBe(75_000_000);
  });

  test('prices cached input as the provider does, and reasoning as output', () => {
    const plain = mini.cost(usage({ inputTokens: 1_000_000 }), NOW);
    const cached = mini.cost(usage({ inputTokens: 1_000_000, cachedInputTokens: 1_000_000 }), NOW);
    expect([plain, cached]).toEqual([150_000, 75_000]);
    const thought = mini.cost(usage({ outputTokens: 1_000_000, reasoningTokens: 900_000 }), NOW);
    expect(thought).toBe(600_000);
  });

  test('follows the tiers of long inputs', () => {
    const pro = createTargetPrice(google, 'gemini-2.5-pro');
    expect(pro.cost(usage({ inputTokens: 200_000, outputTokens: 1000 }), NOW)).toBe(260_000);
    expect(pro.cost(usage({ inputTokens: 200_001, outputTokens: 1000 }), NOW)).toBe(515_003);
  });
});
