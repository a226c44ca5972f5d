import type { TokenUsage } from '@gatewayz/pricing';
import type { Exchange } from '../inference/exchange.ts';
import { countSaidBytes } from '../inference/said-texts.ts';
import { choicesOf } from './estimate-usage.ts';
import { askedOutputTokens, countAllChoices } from './reservation-amount.ts';
import { countAttachments } from './texts-of.ts';

/** What a provider puts around a prompt: its template, descriptions of tools, what it found in the web. */
const ADDED_INPUT_TOKENS = 50_000;
/** A long document or a film, of which the request may hold no more than the address. */
const ATTACHMENT_TOKENS = 100_000;
/** Reasoning that nobody is shown, and that not every provider holds against the limit it was given. */
const HIDDEN_TOKENS = 32_768;
/** No model gives more than about that in one answer. */
const MAX_ANSWER_TOKENS = 131_072;

/**
 * Whether the usage that a provider reported can be true of what it was sent and what it gave. A token is a byte of
 * text at least: what goes beyond that, and beyond a generous allowance for what cannot be seen here, is a mistake.
 */
export function isBelievable(exchange: Exchange, { inputTokens, outputTokens }: TokenUsage): boolean {
  return isInputBelievable(exchange, inputTokens) && isOutputBelievable(exchange, outputTokens);
}

function isInputBelievable({ arrival, stream }: Exchange, tokens: number): boolean {
  const { body, parsed } = arrival.request;
  // A target that goes on with an answer is sent what there is of it.
  const sentBytes = body.length + (stream?.saidBytes ?? 0);
  const expected = sentBytes + ADDED_INPUT_TOKENS;
  return tokens <= expected || tokens <= expected + ATTACHMENT_TOKENS * countAttachments(parsed.messages);
}

function isOutputBelievable(exchange: Exchange, tokens: number): boolean {
  const { parsed } = exchange.arrival.request;
  const choices = countAllChoices(parsed);
  const asked = askedOutputTokens(parsed);
  const expected = asked === null ? MAX_ANSWER_TOKENS * choices : 2 * asked + HIDDEN_TOKENS * choices;
  return tokens <= expected || tokens <= givenBytes(exchange);
}

/** Bytes of text that the provider gave. */
function givenBytes({ stream, attempts, endpoint }: Exchange): number {
  if (stream !== null) return stream.saidBytes;
  const answer = attempts.at(-1)?.answer ?? null;
  if (answer === null || endpoint.answerField !== 'choices') return 0;
  return choicesOf(answer.body).reduce<number>((bytes, choice) => bytes + countSaidBytes(choice), 0);
}
