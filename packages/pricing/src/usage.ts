/** Tokens of one answer. Cached and written tokens are among the input, as OpenAI counts them. */
export interface TokenUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Input that the provider read from its prompt cache. */
  readonly cachedInputTokens: number;
  /** Input that the provider wrote into its prompt cache. */
  readonly cacheWriteTokens: number;
  /** Output spent on reasoning: among the output tokens. */
  readonly reasoningTokens: number;
}
