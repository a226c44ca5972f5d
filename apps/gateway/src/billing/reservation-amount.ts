import type { TokenUsage } from '@gatewayz/pricing';
import type { InferenceRequest } from '../inference/inference-request.ts';
import type { Route } from '../providers/catalogue.ts';

/** Tokens of most texts are longer; JSON's own characters make up for those that are shorter. */
const BYTES_PER_TOKEN = 3;
const MAX_CHOICES = 128;

/**
 * What a request may cost, in micro-USD: its body as input, and as much output as it allows, at the dearest of its
 * targets. An estimate: an answer that costs more is charged in full all the same. 0 where no target has a price.
 */
export function boundMicroUsd(
  route: Route,
  request: InferenceRequest,
  defaultOutputTokens: number,
  epochMs: number,
): number {
  const usage: TokenUsage = {
    inputTokens: Math.ceil(request.body.length / BYTES_PER_TOKEN),
    outputTokens: outputBound(request.parsed, defaultOutputTokens),
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
  };
  let highest = 0;
  for (const { cost } of route.targets) highest = Math.max(highest, cost.cost(usage, epochMs) ?? 0);
  return highest;
}

function outputBound(body: Readonly<Record<string, unknown>>, defaultOutputTokens: number): number {
  const asked = body.max_completion_tokens ?? body.max_tokens;
  const tokens = isCount(asked) ? asked : defaultOutputTokens;
  const choices = isCount(body.n) ? Math.min(body.n, MAX_CHOICES) : 1;
  return tokens * choices;
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) <= 100_000_000;
}
