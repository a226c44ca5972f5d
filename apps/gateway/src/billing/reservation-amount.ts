import type { TokenUsage } from '@gatewayz/pricing';
import { countPrompts } from '../inference/count-choices.ts';
import type { InferenceRequest } from '../inference/inference-request.ts';
import type { Route } from '../providers/catalogue.ts';

/** Tokens of most texts are longer; JSON's own characters make up for those that are shorter. */
const BYTES_PER_TOKEN = 3;
const MAX_CHOICES = 128;
/** More than any model gives. */
const MAX_OUTPUT_TOKENS = 100_000_000;
/** Enough that no price above zero is rounded away. */
const MANY_TOKENS = 1_000_000_000;

/**
 * What a request may cost, in micro-USD: its body as input, and as much output as it allows, at the dearest of its
 * targets. An estimate: an answer that costs more is charged in full all the same. At least 1 where anything is to be
 * paid at all; 0 where every price is zero, or none is known.
 */
export function boundMicroUsd(
  { targets }: Route,
  request: InferenceRequest,
  defaultOutputTokens: number,
  epochMs: number,
): number {
  const input = Math.ceil(request.body.length / BYTES_PER_TOKEN);
  const highest = highestCost(
    targets,
    toUsage(input, outputBound(request.parsed, defaultOutputTokens)),
    epochMs,
  );
  if (highest > 0) return highest;
  return highestCost(targets, toUsage(MANY_TOKENS, MANY_TOKENS), epochMs) > 0 ? 1 : 0;
}

/** The output that a request asks for at most, over all of its choices; null where it says nothing of that. */
export function askedOutputTokens(body: Readonly<Record<string, unknown>>): number | null {
  // Which of the two a provider goes by, nobody knows.
  const asked = Math.max(toCount(body.max_completion_tokens), toCount(body.max_tokens));
  return asked === 0 ? null : asked * countAllChoices(body);
}

/** How many choices a provider may have to make: those that it gives, and those that it only chooses from. */
export function countAllChoices(body: Readonly<Record<string, unknown>>): number {
  const each = Math.min(Math.max(1, toCount(body.n), toCount(body.best_of)), MAX_CHOICES);
  return each * countPrompts(body.prompt);
}

function outputBound(body: Readonly<Record<string, unknown>>, defaultOutputTokens: number): number {
  const asked = askedOutputTokens(body) ?? defaultOutputTokens * countAllChoices(body);
  return Math.min(asked, MANY_TOKENS);
}

function highestCost(targets: Route['targets'], usage: TokenUsage, epochMs: number): number {
  let highest = 0;
  for (const { cost } of targets) highest = Math.max(highest, cost.cost(usage, epochMs) ?? 0);
  return highest;
}

function toUsage(inputTokens: number, outputTokens: number): TokenUsage {
  return { inputTokens, outputTokens, cachedInputTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 };
}

/** Numbers in quotes too, for there are providers that read those; 0 for what is none. */
function toCount(value: unknown): number {
  const number = typeof value === 'string' ? Number(value) : value;
  return typeof number === 'number' && number > 0 ? Math.min(Math.ceil(number), MAX_OUTPUT_TOKENS) : 0;
}
