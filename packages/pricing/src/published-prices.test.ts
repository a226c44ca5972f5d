import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findPrice } from './price-table.ts';
import { toMicroUsd } from './rates.ts';
import type { TokenUsage } from './usage.ts';

/** US dollars per million tokens of input, cached input (null: no own price) and output, as the pages tell them. */
type Row = readonly [model: string, input: number, cachedInput: number | null, output: number];

const PUBLISHED: readonly {
  readonly source: string;
  readonly baseUrl: string;
  readonly rows: readonly Row[];
}[] = [
  {
    source: 'https://platform.openai.com/docs/pricing',
    baseUrl: 'https://api.openai.com/v1',
    rows: [
      ['gpt-4o', 2.5, 1.25, 10],
      ['gpt-4o-mini', 0.15, 0.075, 0.6],
      ['gpt-4.1', 2, 0.5, 8],
      ['gpt-4.1-mini', 0.4, 0.1, 1.6],
      ['gpt-4.1-nano', 0.1, 0.025, 0.4],
      ['o1', 15, 7.5, 60],
      ['o3', 2, 0.5, 8],
      ['o3-mini', 1.1, 0.55, 4.4],
      ['o4-mini', 1.1, 0.275, 4.4],
      ['gpt-5', 1.25, 0.125, 10],
      ['gpt-5-mini', 0.25, 0.025, 2],
      ['gpt-5-nano', 0.05, 0.005, 0.4],
      ['gpt-4-turbo', 10, null, 30],
      ['gpt-3.5-turbo', 0.5, null, 1.5],
      ['text-embedding-3-small', 0.02, null, 0],
      ['text-embedding-3-large', 0.13, null, 0],
    ],
  },
  {
    source: 'https://groq.com/pricing',
    baseUrl: 'https://api.groq.com/openai/v1',
    rows: [
      ['llama-3.3-70b-versatile', 0.59, null, 0.79],
      ['llama-3.1-8b-instant', 0.05, null, 0.08],
      ['qwen/qwen3-32b', 0.29, null, 0.59],
      ['meta-llama/llama-4-scout-17b-16e-instruct', 0.11, null, 0.34],
    ],
  },
  {
    source: 'https://mistral.ai/pricing',
    baseUrl: 'https://api.mistral.ai/v1',
    rows: [
      ['mistral-small-latest', 0.1, null, 0.3],
      ['codestral-latest', 0.3, null, 0.9],
      ['open-mistral-nemo', 0.15, null, 0.15],
    ],
  },
  {
    source: 'https://docs.x.ai/docs/models',
    baseUrl: 'https://api.x.ai/v1',
    rows: [
      ['grok-4', 3, 0.75, 15],
      ['grok-3', 3, 0.75, 15],
      ['grok-3-mini', 0.3, 0.075, 0.5],
      ['grok-code-fast-1', 0.2, 0.02, 1.5],
    ],
  },
  {
    source: 'https://www.cerebras.ai/pricing',
    baseUrl: 'https://api.cerebras.ai/v1',
    rows: [
      ['llama3.1-8b', 0.1, null, 0.1],
      ['llama-3.3-70b', 0.85, null, 1.2],
    ],
  },
  {
    source: 'https://www.together.ai/pricing',
    baseUrl: 'https://api.together.xyz/v1',
    rows: [['meta-llama/Llama-3.3-70B-Instruct-Turbo', 0.88, null, 0.88]],
  },
  {
    source: 'https://fireworks.ai/pricing',
    baseUrl: 'https://api.fireworks.ai/inference/v1',
    rows: [['accounts/fireworks/models/llama-v3p1-8b-instruct', 0.2, null, 0.2]],
  },
  {
    source: 'https://ai.google.dev/gemini-api/docs/pricing',
    baseUrl: 'https://generativelanguage.googleapis.com/v1beta/openai',
    rows: [
      ['gemini-2.5-flash', 0.3, 0.03, 2.5],
      ['gemini-2.5-pro', 1.25, 0.125, 10],
      ['gemini-2.0-flash', 0.1, 0.025, 0.4],
    ],
  },
];

const NOW = Date.UTC(2026, 10, 1, 12);

describe.each(PUBLISHED)('the prices of $source', ({ baseUrl, rows }) => {
  const provider = { name: 'any', baseUrl, prices: {} };
  test.each(rows)('%s', (model, input, cachedInput, output) => {
    const { rates } = findPrice(provider, model, NOW);
    const thousands = (rate: { readonly base: number } | undefined): number =>
      (rate?.base ?? Number.NaN) / 1e6;
    expect([thousands(rates?.input), thousands(rates?.cachedInput), thousands(rates?.output)]).toEqual([
      input,
      cachedInput ?? input,
      output,
    ]);
  });
});

test('there are prices of thirty models and more in the table', () => {
  expect(PUBLISHED.flatMap(({ rows }) => rows).length).toBeGreaterThanOrEqual(30);
});

/** The same sum in decimal fractions of a dollar, digit by digit, as one would write it down. */
function byHand([, input, cachedInput, output]: Row, usage: TokenUsage): number {
  const perToken = (usd: number): bigint => BigInt(usd.toFixed(6).replace('.', ''));
  const plain = BigInt(usage.inputTokens - usage.cachedInputTokens) * perToken(input);
  const cached = BigInt(usage.cachedInputTokens) * perToken(cachedInput ?? input);
  const sum = plain + cached + BigInt(usage.outputTokens) * perToken(output);
  return Number((sum * 2n + 1_000_000n) / 2_000_000n);
}

test('any usage of any of them costs what a sum in decimals gives, to the micro-USD', () => {
  const tokens = fc.nat({ max: 150_000 });
  const choice = fc.constantFrom(
    ...PUBLISHED.flatMap(({ baseUrl, rows }) => rows.map((row) => ({ baseUrl, row }))),
  );
  const property = fc.property(choice, tokens, tokens, tokens, ({ baseUrl, row }, input, cached, output) => {
    const { rates } = findPrice({ name: 'any', baseUrl, prices: {} }, row[0], NOW);
    const usage: TokenUsage = {
      inputTokens: input,
      outputTokens: output,
      cachedInputTokens: Math.min(cached, input),
      cacheWriteTokens: 0,
      reasoningTokens: 0,
    };
    if (rates === null) throw new Error('no price');
    expect(toMicroUsd(rates, usage)).toBe(byHand(row, usage));
  });
  fc.assert(property, { numRuns: 500 });
});
