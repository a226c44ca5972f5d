import { createTargetPrice } from '@gatewayz/pricing';
import { expect, test } from 'vitest';
import type { InferenceRequest } from '../inference/inference-request.ts';
import type { Route } from '../providers/catalogue.ts';
import type { Target } from '../providers/provider.ts';
import { boundMicroUsd } from './reservation-amount.ts';

const DEFAULT_TOKENS = 10;

/** What a body without any length of its own may cost at a dollar for a token of output. */
function bound(parsed: object, ...outputUsdPerMillion: number[]): number {
  const prices = outputUsdPerMillion.length === 0 ? [1] : outputUsdPerMillion;
  const targets = prices.map((usd) => ({
    cost: createTargetPrice(
      {
        name: 'a',
        baseUrl: 'http://127.0.0.1/v1',
        prices: { large: { inputUsdPerMillion: 0, outputUsdPerMillion: usd } },
      },
      'large',
    ),
  })) as unknown as readonly Target[];
  const route: Route = { label: 'large', targets, continuation: true };
  const request = { body: Buffer.alloc(0), parsed } as unknown as InferenceRequest;
  return boundMicroUsd(route, request, DEFAULT_TOKENS, 0);
}

test.each([
  [{}, DEFAULT_TOKENS],
  [{ max_tokens: 100 }, 100],
  [{ max_completion_tokens: 1, max_tokens: 100 }, 100],
  [{ max_completion_tokens: 100, max_tokens: 1 }, 100],
  [{ max_tokens: '100' }, 100],
  [{ max_tokens: 1.5 }, 2],
  [{ max_tokens: null }, DEFAULT_TOKENS],
  [{ max_tokens: -1 }, DEFAULT_TOKENS],
  [{ max_tokens: 'all' }, DEFAULT_TOKENS],
  [{ max_tokens: 1e30 }, 1e8],
  [{ max_tokens: 4, n: 3 }, 12],
  [{ max_tokens: 4, n: '3' }, 12],
  [{ max_tokens: 4, best_of: 20 }, 80],
  [{ max_tokens: 4, n: 2, best_of: 20 }, 80],
  [{ max_tokens: 4, n: 1e9 }, 4 * 128],
  [{ max_tokens: 4, prompt: ['a', 'b', 'c'] }, 12],
  [{ max_tokens: 4, prompt: [[1, 2], [3]], n: 2 }, 16],
  [{ max_tokens: 4, prompt: [1, 2, 3] }, 4],
  [{ prompt: ['a', 'b'] }, 2 * DEFAULT_TOKENS],
  [{ max_tokens: 1e8, n: 128, prompt: Array(1000).fill('a') }, 1e9],
])('%j is reserved %d tokens of output', (body, tokens) => {
  expect(bound(body)).toBe(tokens);
});

test('the dearest target counts, and anything above zero is at least a micro-dollar', () => {
  expect(bound({ max_tokens: 100 }, 1, 5, 2)).toBe(500);
  expect(bound({ max_tokens: 1 }, 0.000_1)).toBe(1);
  expect(bound({ max_tokens: 1000 }, 0)).toBe(0);
});
