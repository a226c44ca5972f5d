import type { Answer } from './answer.ts';
import { countPromptTokens, countTokens } from './expected-answer.ts';
import type { ProviderRequest } from './read-openai-request.ts';

type Json = Readonly<Record<string, unknown>>;

const EMBEDDING_DIMENSIONS = 8;

function toMessage(answer: Answer): Json {
  if (answer.toolCalls.length === 0) return { role: 'assistant', content: answer.text };
  const calls = answer.toolCalls.map(({ id, name, arguments: text }) => ({
    id,
    type: 'function',
    function: { name, arguments: text },
  }));
  return { role: 'assistant', content: null, tool_calls: calls };
}

function toChoice(answer: Answer, request: ProviderRequest): Json {
  const rest = { index: 0, logprobs: null, finish_reason: answer.finishReason };
  return request.endpoint === 'chat'
    ? { ...rest, message: toMessage(answer) }
    : { ...rest, text: answer.text };
}

function toVector(text: string, dimensions: number): readonly number[] {
  return Array.from({ length: dimensions }, (_, index) => {
    const code = text.charCodeAt(index % Math.max(1, text.length)) || 0;
    return ((code * (index + 1)) % 1000) / 1000;
  });
}

function toEmbeddings(answer: Answer, request: ProviderRequest, usage: unknown): Json {
  const { input, dimensions } = request.json;
  const texts = (Array.isArray(input) ? input : [input]).map(String);
  const size = typeof dimensions === 'number' ? dimensions : EMBEDDING_DIMENSIONS;
  const data = texts.map((text, index) => ({
    object: 'embedding',
    index,
    embedding: toVector(text, size),
  }));
  return { object: 'list', model: answer.model, data, ...(usage === undefined ? {} : { usage }) };
}

/** The usage of an answer that is not streamed, or undefined where none is reported. */
export function usageOf(answer: Answer, request: ProviderRequest): unknown {
  if (request.endpoint !== 'embeddings') {
    const pieces = Array.isArray(answer.pieces) ? answer.pieces.length : countTokens(answer.text);
    return answer.usage(pieces);
  }
  const promptTokens = countPromptTokens(request.json);
  const usage = answer.usage(0);
  const isTrue = typeof usage === 'object' && usage !== null && 'completion_tokens' in usage;
  return isTrue ? { prompt_tokens: promptTokens, total_tokens: promptTokens } : usage;
}

/** The JSON body of an answer that is not streamed. */
export function toAnswerBody(answer: Answer, request: ProviderRequest, usage: unknown): Json {
  if (request.endpoint === 'embeddings') return toEmbeddings(answer, request, usage);
  return {
    id: answer.id,
    object: request.endpoint === 'chat' ? 'chat.completion' : 'text_completion',
    created: answer.created,
    model: answer.model,
    choices: [toChoice(answer, request)],
    ...(usage === undefined ? {} : { usage }),
  };
}
