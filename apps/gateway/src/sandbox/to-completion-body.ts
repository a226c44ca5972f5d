import type { Completion, Usage } from './compose-completion.ts';
import type { TextRequest } from './read-text-request.ts';

/** What all bodies of one answer share. */
export interface AnswerIdentity {
  readonly id: string;
  /** Seconds since the epoch. */
  readonly created: number;
}

/** What one streamed event says. */
export type ChunkPart =
  | { readonly kind: 'role' }
  | { readonly kind: 'piece'; readonly text: string }
  | { readonly kind: 'finish'; readonly reason: Completion['finishReason'] }
  | { readonly kind: 'usage'; readonly usage: Usage };

/** The body of a whole answer, as `chat.completion` or `text_completion`. */
export function toCompletionBody(
  request: TextRequest,
  completion: Completion,
  identity: AnswerIdentity,
): object {
  const text = completion.pieces.join('');
  const content =
    request.kind === 'chat' ? { message: { role: 'assistant', content: text, refusal: null } } : { text };
  return {
    id: identity.id,
    object: request.kind === 'chat' ? 'chat.completion' : 'text_completion',
    created: identity.created,
    model: request.model,
    choices: [{ index: 0, ...content, logprobs: null, finish_reason: completion.finishReason }],
    usage: completion.usage,
  };
}

function toChoice(kind: TextRequest['kind'], part: ChunkPart): object | null {
  const isChat = kind === 'chat';
  const shared = { index: 0, logprobs: null, finish_reason: null };
  switch (part.kind) {
    case 'role':
      return { ...shared, delta: { role: 'assistant', content: '' } };
    case 'piece':
      return { ...shared, ...(isChat ? { delta: { content: part.text } } : { text: part.text }) };
    case 'finish':
      return { ...shared, ...(isChat ? { delta: {} } : { text: '' }), finish_reason: part.reason };
    case 'usage':
      return null;
    default:
      return part satisfies never;
  }
}

/** The body of one streamed event; with `include_usage`, every event before the last one has `usage: null`. */
export function toChunk(request: TextRequest, part: ChunkPart, identity: AnswerIdentity): object {
  const choice = toChoice(request.kind, part);
  return {
    id: identity.id,
    object: request.kind === 'chat' ? 'chat.completion.chunk' : 'text_completion',
    created: identity.created,
    model: request.model,
    choices: choice === null ? [] : [choice],
    ...(request.includeUsage && { usage: part.kind === 'usage' ? part.usage : null }),
  };
}

/** The events of one answer, in order. */
export function toChunkParts(request: TextRequest, completion: Completion): readonly ChunkPart[] {
  return [
    ...(request.kind === 'chat' ? [{ kind: 'role' } as const] : []),
    ...completion.pieces.map((text) => ({ kind: 'piece', text }) as const),
    { kind: 'finish', reason: completion.finishReason },
    ...(request.includeUsage ? [{ kind: 'usage', usage: completion.usage } as const] : []),
  ];
}
