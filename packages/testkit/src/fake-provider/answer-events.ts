import type { Answer } from './answer.ts';
import type { ProviderRequest } from './read-openai-request.ts';
import type { AnswerScript } from './script.ts';

/** A part of a body that is delivered, and counted, as one. */
export interface Frame {
  readonly bytes: Buffer;
  /** False for inserted noise. */
  readonly isEvent: boolean;
  /** The piece of text that it carries to the client. */
  readonly content?: string;
  /** The usage that it reports. */
  readonly usage?: unknown;
}

const TOOL_ARGUMENT_PIECE = 8;

/** Writes the events of one stream, keeping what never changes as text. */
class EventWriter {
  readonly #answer: Answer;
  readonly #script: AnswerScript;
  readonly #isChat: boolean;
  readonly #prefix: string;
  readonly #suffix: string;
  readonly #end: string;

  constructor(answer: Answer, request: ProviderRequest, script: AnswerScript) {
    const end = script.lineEnd ?? '\n';
    const { id, created, model } = answer;
    const object = request.endpoint === 'chat' ? 'chat.completion.chunk' : 'text_completion';
    this.#answer = answer;
    this.#script = script;
    this.#isChat = request.endpoint === 'chat';
    this.#end = end + end;
    this.#prefix = `data: ${JSON.stringify({ id, object, created, model }).slice(0, -1)},`;
    this.#suffix = request.includeUsage ? ',"usage":null}' : '}';
  }

  *all(request: ProviderRequest): Generator<Frame, void, void> {
    if (this.#isChat && this.#script.roleChunk !== false)
      yield this.#delta({ role: 'assistant', content: '' });
    let pieces = 0;
    for (const piece of this.#answer.pieces) {
      pieces += 1;
      yield this.#content(piece);
    }
    yield* this.#toolCalls();
    yield* this.#ending(pieces, request.includeUsage);
    yield* this.#done();
  }

  *#ending(pieces: number, isAsked: boolean): Generator<Frame, void, void> {
    const usage = this.#answer.usage(pieces);
    const { usageChunk = 'asked' } = this.#script;
    const withFinish = usageChunk === 'with_finish' && usage !== undefined;
    if (this.#answer.finishReason !== null) {
      yield withFinish ? this.#finish(usage) : this.#finish(undefined);
    }
    const isOwnEvent = usageChunk === 'always' || (usageChunk === 'asked' && isAsked);
    if (!isOwnEvent || usage === undefined) return;
    yield { ...this.#frame(`${this.#prefix}"choices":[],"usage":${JSON.stringify(usage)}}`), usage };
  }

  #finish(usage: unknown): Frame {
    const reason = JSON.stringify(this.#answer.finishReason);
    const change = this.#isChat ? '"delta":{}' : '"text":""';
    const head = `${this.#prefix}"choices":[{"index":0,${change},"finish_reason":${reason}}]`;
    if (usage === undefined) return this.#frame(head + this.#suffix);
    return { ...this.#frame(`${head},"usage":${JSON.stringify(usage)}}`), usage };
  }

  #content(piece: string): Frame {
    const text = JSON.stringify(piece);
    const change = this.#isChat ? `"delta":{"content":${text}}` : `"text":${text}`;
    const frame = this.#frame(
      `${this.#prefix}"choices":[{"index":0,${change},"finish_reason":null}]${this.#suffix}`,
    );
    return { bytes: frame.bytes, isEvent: true, content: piece };
  }

  #delta(delta: unknown): Frame {
    const choice = JSON.stringify({ index: 0, delta, finish_reason: null });
    return this.#frame(`${this.#prefix}"choices":[${choice}]${this.#suffix}`);
  }

  *#toolCalls(): Generator<Frame, void, void> {
    for (const [index, { id, name, arguments: text }] of this.#answer.toolCalls.entries()) {
      const start = { index, id, type: 'function', function: { name, arguments: '' } };
      yield this.#delta({ tool_calls: [start] });
      for (let from = 0; from < text.length; from += TOOL_ARGUMENT_PIECE) {
        const part = text.slice(from, from + TOOL_ARGUMENT_PIECE);
        yield this.#delta({ tool_calls: [{ index, function: { arguments: part } }] });
      }
    }
  }

  *#done(): Generator<Frame, void, void> {
    const { done = 'present' } = this.#script;
    if (done === 'missing' || done === 'missing_open') return;
    yield this.#frame('data: [DONE]');
    if (done === 'twice') yield this.#frame('data: [DONE]');
    if (done === 'then_data') yield this.#delta({ content: 'after the end' });
  }

  #frame(block: string): Frame {
    return { bytes: Buffer.from(block + this.#end), isEvent: true };
  }
}

function* withInserted(frames: Iterable<Frame>, script: AnswerScript): Generator<Frame, void, void> {
  const inserted = script.insert ?? [];
  let index = 0;
  for (const frame of frames) {
    for (const { at, raw } of inserted) if (at === index) yield { bytes: Buffer.from(raw), isEvent: false };
    yield frame;
    index += 1;
  }
  for (const { at, raw } of inserted) if (at >= index) yield { bytes: Buffer.from(raw), isEvent: false };
}

/** The events of a streamed answer, made as they are asked for. */
export function toAnswerEvents(
  answer: Answer,
  request: ProviderRequest,
  script: AnswerScript,
): Iterable<Frame> {
  const frames = new EventWriter(answer, request, script).all(request);
  return script.insert === undefined ? frames : withInserted(frames, script);
}
