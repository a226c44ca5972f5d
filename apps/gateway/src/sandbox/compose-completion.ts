import { chooseAnswer } from './choose-answer.ts';
import { smallModel } from './models.ts';
import type { TextRequest } from './read-text-request.ts';
import { splitPieces } from './split-pieces.ts';

/** A finished answer, in the pieces in which it is streamed. */
export interface Completion {
  readonly pieces: readonly string[];
  readonly finishReason: 'stop' | 'length';
  readonly usage: Usage;
}

/** Token counts in OpenAI's spelling; approximate, since a piece stands for a token. */
export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

function keepSentences(text: string, count: number): string {
  return text
    .split(/(?<=[.!?]) /)
    .slice(0, count)
    .join(' ');
}

function endAtStop(text: string, stop: readonly string[]): string {
  const ends = stop.map((sequence) => text.indexOf(sequence)).filter((position) => position >= 0);
  return ends.length === 0 ? text : text.slice(0, Math.min(...ends));
}

/** Works out the answer to a request: the same for the same request, whichever provider is asked. */
export function composeCompletion(request: TextRequest): Completion {
  const chosen = chooseAnswer(request.question);
  const whole = request.model === smallModel ? keepSentences(chosen, 2) : chosen;
  const rest = whole.startsWith(request.prefix) ? whole.slice(request.prefix.length) : whole;
  const all = splitPieces(endAtStop(rest, request.stop));
  const limit = request.maxTokens ?? all.length;
  const pieces = all.slice(0, limit);
  return {
    pieces,
    finishReason: all.length > limit ? 'length' : 'stop',
    usage: {
      prompt_tokens: request.promptTokens,
      completion_tokens: pieces.length,
      total_tokens: request.promptTokens + pieces.length,
    },
  };
}
