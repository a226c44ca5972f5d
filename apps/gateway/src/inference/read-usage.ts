/** Tokens of one answer as its provider reported them. */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** More than any context window holds: a larger count is a provider's mistake. */
const MAX_TOKENS = 100_000_000;

/** Reads OpenAI's usage object. What is missing or cannot be true (negative, fractional, huge, no number) gives null. */
export function readUsage(usage: unknown): Usage | null {
  if (usage === null || typeof usage !== 'object') return null;
  const { prompt_tokens: input, completion_tokens: output = 0 } = usage as Record<string, unknown>;
  if (!isTokenCount(input) || !isTokenCount(output)) return null;
  return { inputTokens: input, outputTokens: output };
}

function isTokenCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_TOKENS;
}
