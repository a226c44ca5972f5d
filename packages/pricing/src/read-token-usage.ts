import type { TokenUsage } from './usage.ts';

/** More than any context window holds: a larger count is a provider's mistake. */
const MAX_TOKENS = 100_000_000;

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads the `usage` of an OpenAI-compatible answer. Null where one of the two counts is missing or cannot be true
 * (negative, fractional, huge, no number): the other is not believed then either. Reasoning tokens that a provider
 * counts beside its `completion_tokens`, as its `total_tokens` shows, are added to the output: they are billed so.
 */
export function readTokenUsage(value: unknown): TokenUsage | null {
  if (!isObject(value)) return null;
  const inputTokens = toCount(value.prompt_tokens ?? value.input_tokens);
  const completion = toCount(value.completion_tokens ?? value.output_tokens ?? 0);
  if (inputTokens === null || completion === null) return null;
  const promptDetails = toObject(value.prompt_tokens_details ?? value.input_tokens_details);
  const completionDetails = toObject(value.completion_tokens_details ?? value.output_tokens_details);
  const reasoning = toCount(completionDetails.reasoning_tokens) ?? 0;
  const isApart = reasoning > 0 && value.total_tokens === inputTokens + completion + reasoning;
  const outputTokens = completion + (isApart ? reasoning : 0);
  // DeepSeek names its cache apart: https://api-docs.deepseek.com/guides/kv_cache
  const cached = toCount(promptDetails.cached_tokens ?? value.prompt_cache_hit_tokens) ?? 0;
  const cachedInputTokens = Math.min(cached, inputTokens);
  const written = toCount(promptDetails.cache_write_tokens ?? value.cache_creation_input_tokens) ?? 0;
  return {
    inputTokens,
    outputTokens,
    cachedInputTokens,
    cacheWriteTokens: Math.min(written, inputTokens - cachedInputTokens),
    reasoningTokens: Math.min(reasoning, outputTokens),
  };
}

function isObject(value: unknown): value is Json {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function toObject(value: unknown): Json {
  return isObject(value) ? value : {};
}

function toCount(value: unknown): number | null {
  const isCount = Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_TOKENS;
  return isCount ? (value as number) : null;
}
