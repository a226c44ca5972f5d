import { expect, test } from 'vitest';
import { readUsage } from './read-usage.ts';

test('tokens are read from both counts', () => {
  expect(readUsage({ prompt_tokens: 12, completion_tokens: 34, total_tokens: 46 })).toEqual({
    inputTokens: 12,
    outputTokens: 34,
  });
});

test('embeddings have no output', () => {
  expect(readUsage({ prompt_tokens: 12, total_tokens: 12 })).toEqual({ inputTokens: 12, outputTokens: 0 });
});

test.each([undefined, null, 5, 'many', {}, [], { completion_tokens: 3 }])('%j holds no usage', (usage) => {
  expect(readUsage(usage)).toBeNull();
});

test.each([-1, 1.5, 1e30, 100_000_001, Number.NaN, Number.POSITIVE_INFINITY, '12', null, true, [3]])(
  'a count of %j cannot be true, and the other count is not believed either',
  (count) => {
    expect(readUsage({ prompt_tokens: count, completion_tokens: 1 })).toBeNull();
    expect(readUsage({ prompt_tokens: 1, completion_tokens: count })).toBeNull();
  },
);
