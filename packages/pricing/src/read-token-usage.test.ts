import { expect, test } from 'vitest';
import { readTokenUsage } from './read-token-usage.ts';

const nothing = { cachedInputTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 };

test('plain counts are read as they are', () => {
  expect(readTokenUsage({ prompt_tokens: 12, completion_tokens: 7, total_tokens: 19 })).toEqual({
    inputTokens: 12,
    outputTokens: 7,
    ...nothing,
  });
});

test('cached and reasoning tokens are parts of input and output', () => {
  const usage = {
    prompt_tokens: 100,
    completion_tokens: 50,
    total_tokens: 150,
    prompt_tokens_details: { cached_tokens: 80, cache_write_tokens: 10 },
    completion_tokens_details: { reasoning_tokens: 40 },
  };
  expect(readTokenUsage(usage)).toEqual({
    inputTokens: 100,
    outputTokens: 50,
    cachedInputTokens: 80,
    cacheWriteTokens: 10,
    reasoningTokens: 40,
  });
});

test('reasoning that the provider counts beside its completion is output as well', () => {
  const usage = {
    prompt_tokens: 10,
    completion_tokens: 5,
    total_tokens: 65,
    completion_tokens_details: { reasoning_tokens: 50 },
  };
  expect(readTokenUsage(usage)).toMatchObject({ outputTokens: 55, reasoningTokens: 50 });
});

test("DeepSeek's and the newer OpenAI names are known", () => {
  expect(
    readTokenUsage({ prompt_tokens: 9, completion_tokens: 1, prompt_cache_hit_tokens: 4 }),
  ).toMatchObject({
    cachedInputTokens: 4,
  });
  expect(readTokenUsage({ input_tokens: 9, output_tokens: 1 })).toMatchObject({
    inputTokens: 9,
    outputTokens: 1,
  });
});

test('embeddings have no output', () => {
  expect(readTokenUsage({ prompt_tokens: 12, total_tokens: 12 })).toMatchObject({
    inputTokens: 12,
    outputTokens: 0,
  });
});

test('more tokens than there are were read from no cache, and details that cannot be are none', () => {
  const details = (cached: unknown) => ({
    prompt_tokens: 3,
    completion_tokens: 1,
    prompt_tokens_details: { cached_tokens: cached },
  });
  expect(readTokenUsage(details(99))).toMatchObject({
    inputTokens: 3,
    cachedInputTokens: 3,
    cacheWriteTokens: 0,
  });
  expect(readTokenUsage(details(-1))).toMatchObject({ cachedInputTokens: 0 });
  expect(readTokenUsage({ ...details(0), prompt_tokens_details: 'x' })).toMatchObject({
    cachedInputTokens: 0,
  });
});

test.each([undefined, null, 5, 'many', {}, [], { completion_tokens: 3 }])('%j holds no usage', (usage) => {
  expect(readTokenUsage(usage)).toBeNull();
});

test.each([-1, 1.5, 1e30, 100_000_001, Number.NaN, Number.POSITIVE_INFINITY, '12', true, [3]])(
  'a count of %j cannot be true, and the other count is not believed either',
  (count) => {
    expect(readTokenUsage({ prompt_tokens: count, completion_tokens: 1 })).toBeNull();
    expect(readTokenUsage({ prompt_tokens: 1, completion_tokens: count })).toBeNull();
  },
);
