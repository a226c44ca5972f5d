import { randomUUID } from 'node:crypto';
import { type Completion, composeCompletion } from './compose-completion.ts';
import type { Exchange } from './exchange.ts';
import { toErrorReply } from './openai-error.ts';
import type { FaultRatios } from './provider-behaviour.ts';
import { drawFault, type Fault, type Pace } from './provider-behaviour.ts';
import type { TextRequest } from './read-text-request.ts';
import { type AnswerIdentity, toChunk, toChunkParts, toCompletionBody } from './to-completion-body.ts';

/** How one answer is to be given. */
export interface AnswerManner {
  readonly pace: Pace;
  readonly faults: FaultRatios;
  readonly random: () => number;
}

/** The reply of a provider that fails; null for a fault that shows itself later, or for none. */
export function toFaultReply(fault: Fault): ReturnType<typeof toErrorReply> | null {
  switch (fault) {
    case 'internal_error':
      return toErrorReply(500, 'The sandbox provider failed, as it does now and then.', {
        code: 'internal_error',
      });
    case 'overloaded':
      return toErrorReply(503, 'The sandbox provider says that it is overloaded.', { code: 'overloaded' });
    case 'cut':
    case 'none':
      return null;
    default:
      return fault satisfies never;
  }
}

async function streamAnswer(
  exchange: Exchange,
  request: TextRequest,
  completion: Completion,
  manner: AnswerManner,
  cutAfter: number | null,
): Promise<void> {
  const identity = createIdentity(request);
  let pieces = 0;
  await exchange.pause(manner.pace.firstTokenMs);
  for (const part of toChunkParts(request, completion)) {
    if (part.kind === 'piece') {
      if (pieces === cutAfter) return exchange.cut();
      if (pieces > 0) await exchange.pause(manner.pace.betweenTokensMs);
      pieces += 1;
    } else if (cutAfter !== null && part.kind === 'finish') {
      return exchange.cut();
    }
    await exchange.writeEvent(JSON.stringify(toChunk(request, part, identity)));
  }
  await exchange.writeEvent('[DONE]');
  exchange.end();
}

function createIdentity(request: TextRequest): AnswerIdentity {
  const prefix = request.kind === 'chat' ? 'chatcmpl' : 'cmpl';
  return { id: `${prefix}-${randomUUID()}`, created: Math.floor(Date.now() / 1000) };
}

/** Answers a chat or text completion, whole or streamed. Rejects when the exchange ends early. */
export async function answerText(
  exchange: Exchange,
  request: TextRequest,
  manner: AnswerManner,
): Promise<void> {
  const { pace, faults, random } = manner;
  const fault = drawFault(faults, request.stream, random);
  const faultReply = toFaultReply(fault);
  if (faultReply !== null) {
    await exchange.pause(pace.firstTokenMs);
    return exchange.reply(faultReply);
  }
  const completion = composeCompletion(request);
  if (request.stream) {
    const cutAfter = fault === 'cut' ? 1 + Math.floor(random() * (completion.pieces.length - 1)) : null;
    return streamAnswer(exchange, request, completion, manner, cutAfter);
  }
  await exchange.pause(pace.firstTokenMs + pace.betweenTokensMs * Math.max(0, completion.pieces.length - 1));
  exchange.reply({ status: 200, body: toCompletionBody(request, completion, createIdentity(request)) });
}
