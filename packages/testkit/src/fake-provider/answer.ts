import type { TokenUsage } from './expected-answer.ts';
import {
  countPromptTokens,
  countTokens,
  limitTokens,
  prefillOf,
  splitIntoPieces,
  toUsage,
  unlimitedAnswer,
} from './expected-answer.ts';
import type { ProviderRequest } from './read-openai-request.ts';
import type { AnswerScript, ToolCallScript } from './script.ts';

/** What is to be said, before it takes the shape of a body or a stream. */
export interface Answer {
  readonly id: string;
  readonly created: number;
  readonly model: string;
  readonly text: string;
  readonly pieces: Iterable<string>;
  readonly toolCalls: readonly ToolCallScript[];
  readonly finishReason: string | null;
  /** The usage to report (whatever the script says it is), given how many pieces went out. */
  readonly usage: (pieces: number) => unknown;
}

interface Wording {
  readonly text: string;
  readonly whole: boolean;
}

function remainder(full: string, request: ProviderRequest, script: AnswerScript): string {
  const prefix = script.prefill === 'accept' ? prefillOf(request.json) : null;
  return prefix !== null && full.startsWith(prefix) ? full.slice(prefix.length) : full;
}

function wordingOf(request: ProviderRequest, script: AnswerScript): Wording {
  if (script.text !== undefined) return { text: remainder(script.text, request, script), whole: true };
  if (Array.isArray(script.pieces)) return { text: script.pieces.join(''), whole: true };
  return limitTokens(request.json, remainder(unlimitedAnswer(request.json), request, script));
}

function finishReasonOf(script: AnswerScript, wording: Wording): string | null {
  if (script.finishReason !== undefined) return script.finishReason;
  if ((script.toolCalls?.length ?? 0) > 0) return 'tool_calls';
  return wording.whole ? 'stop' : 'length';
}

function piecesOf(script: AnswerScript, wording: Wording): Iterable<string> {
  if (script.pieces === undefined) return splitIntoPieces(wording.text);
  return typeof script.pieces === 'function' ? script.pieces() : script.pieces;
}

function trueUsage(request: ProviderRequest, script: AnswerScript, pieces: number): TokenUsage {
  const calls = (script.toolCalls ?? []).reduce((sum, call) => sum + countTokens(call.arguments), 0);
  return toUsage(countPromptTokens(request.json), pieces + calls);
}

/** Works out the answer to a request under a script. */
export function toAnswer(script: AnswerScript, request: ProviderRequest, number: number): Answer {
  const wording =
    (script.toolCalls?.length ?? 0) > 0 ? { text: '', whole: true } : wordingOf(request, script);
  const { usage = 'present' } = script;
  return {
    id: script.id ?? `chatcmpl-${number}`,
    created: script.created ?? Math.floor(Date.now() / 1000),
    model: script.model ?? request.model,
    text: wording.text,
    pieces: (script.toolCalls?.length ?? 0) > 0 ? [] : piecesOf(script, wording),
    toolCalls: script.toolCalls ?? [],
    finishReason: finishReasonOf(script, wording),
    usage: (pieces) => {
      if (usage === 'present') return trueUsage(request, script, pieces);
      return usage === 'absent' ? undefined : usage.value;
    },
  };
}
