import type { TokenUsage } from '@gatewayz/pricing';
import type { Exchange } from '../inference/exchange.ts';
import { saidTexts } from '../inference/said-texts.ts';
import { type Found, textsOf } from './texts-of.ts';
import type { TokenCounter } from './token-counter.ts';

/** About as many bytes of most texts are a token. */
const BYTES_PER_TOKEN = 4;

/** Counts what a request and its answer were, where the provider has not said it, or nothing that can be true. */
export async function estimateUsage(exchange: Exchange, counter: TokenCounter): Promise<TokenUsage> {
  const { request, endpoint } = exchange.arrival;
  const { messages, prompt, input, suffix, tools, functions, response_format: format } = request.parsed;
  const asked = endpoint.isChat ? messages : [prompt ?? input, suffix];
  // The answer first: its tokens are the dearer ones.
  const [outputTokens = 0, askedTokens = 0, declaredTokens = 0] = await counter.count([
    answerOf(exchange),
    textsOf(asked),
    textsOf([tools, functions, format], true),
  ]);
  return {
    inputTokens: askedTokens + declaredTokens,
    outputTokens,
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
  };
}

function answerOf({ stream, attempts, endpoint }: Exchange): readonly Found[] {
  if (stream !== null) {
    const { transcript, chunks, saidBytes } = stream;
    if (transcript?.isWhole === true) return [transcript.text];
    // A chunk brings a token at least, but for those that only begin and end the answer.
    return [Math.max(chunks, Math.ceil(saidBytes / BYTES_PER_TOKEN))];
  }
  const answer = attempts.at(-1)?.answer ?? null;
  if (answer === null || endpoint.answerField !== 'choices') return [];
  return choicesOf(answer.body).flatMap(saidTexts);
}

/** The choices of a plain answer that was found to be one. */
export function choicesOf(body: Buffer): readonly unknown[] {
  const { choices } = JSON.parse(body.toString('utf8')) as { readonly choices?: unknown };
  return Array.isArray(choices) ? choices : [];
}
