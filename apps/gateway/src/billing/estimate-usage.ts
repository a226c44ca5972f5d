import { type CountTokens, loadTokenizer, type TokenUsage } from '@gatewayz/pricing';
import type { Exchange } from '../inference/exchange.ts';

/** A picture or a recording counts as many tokens as this, whatever it shows: only the provider can tell. */
const TOKENS_PER_ATTACHMENT = 1000;
const MAX_DEPTH = 32;

/** Counts what a request and its answer were, where the provider has not said it. */
export async function estimateUsage(exchange: Exchange): Promise<TokenUsage> {
  const count = await loadTokenizer();
  const { request, endpoint } = exchange.arrival;
  const { parsed } = request;
  const asked = endpoint.isChat ? parsed.messages : (parsed.prompt ?? parsed.input);
  return {
    inputTokens: countTexts(asked, count),
    outputTokens: countAnswer(exchange, count),
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
  };
}

/** Counts every text of a value, at any depth, and what it holds beside texts. */
function countTexts(value: unknown, count: CountTokens, depth = 0): number {
  if (typeof value === 'string') return isAttachment(value) ? TOKENS_PER_ATTACHMENT : count(value);
  // A list of tokens is what it is.
  if (typeof value === 'number') return 1;
  if (value === null || typeof value !== 'object' || depth >= MAX_DEPTH) return 0;
  const items: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  let tokens = 0;
  for (const item of items) tokens += countTexts(item, count, depth + 1);
  return tokens;
}

function isAttachment(text: string): boolean {
  return text.startsWith('data:') || text.startsWith('http://') || text.startsWith('https://');
}

function countAnswer({ stream, attempts }: Exchange, count: CountTokens): number {
  if (stream !== null) {
    const { transcript } = stream;
    // The text is kept where all of it is text; else a chunk brings about one token.
    const isKept = transcript !== null && (transcript.canContinue || transcript.isFinished);
    return isKept ? count(transcript.text) : stream.chunks;
  }
  const answer = attempts.at(-1)?.answer;
  if (answer === null || answer === undefined) return 0;
  const { choices } = JSON.parse(answer.body.toString('utf8')) as { readonly choices?: unknown };
  return Array.isArray(choices) ? choices.reduce((sum: number, one) => sum + countChoice(one, count), 0) : 0;
}

function countChoice(choice: unknown, count: CountTokens): number {
  if (choice === null || typeof choice !== 'object') return 0;
  const { message, text } = choice as { readonly message?: unknown; readonly text?: unknown };
  if (message === null || typeof message !== 'object') return countTexts(text, count);
  const { role: _, ...said } = message as { readonly role?: unknown };
  return countTexts(said, count);
}
