import type { SseEvent } from './read-sse.ts';

/** A tool call put together from its deltas. */
export interface CollectedToolCall {
  readonly index: number;
  readonly id: string | null;
  readonly name: string;
  readonly arguments: string;
}

/** What a client that believed every event of a chat (or text completion) stream would hold. */
export interface CollectedChat {
  readonly text: string;
  readonly toolCalls: readonly CollectedToolCall[];
  readonly finishReasons: readonly string[];
  /** The last `usage` that was not null. */
  readonly usage: Readonly<Record<string, unknown>> | null;
  /** How many events carried a `usage` that was not null. */
  readonly usageCount: number;
  /** Distinct values in order of appearance. */
  readonly ids: readonly string[];
  readonly models: readonly string[];
  /** Every role delta, repeated ones too. */
  readonly roles: readonly string[];
  readonly done: boolean;
  /** Events with data that came after the first `[DONE]`. */
  readonly eventsAfterDone: number;
  readonly errorEvent: unknown;
  /** Data that was neither JSON nor `[DONE]`. */
  readonly malformed: readonly string[];
}

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

interface ToolCallDraft {
  index: number;
  id: string | null;
  name: string;
  arguments: string;
}

class ChatCollector {
  text = '';
  readonly toolCalls = new Map<number, ToolCallDraft>();
  readonly finishReasons: string[] = [];
  usage: Json | null = null;
  usageCount = 0;
  readonly ids = new Set<string>();
  readonly models = new Set<string>();
  readonly roles: string[] = [];
  done = false;
  eventsAfterDone = 0;
  errorEvent: unknown = null;
  readonly malformed: string[] = [];

  add(data: string): void {
    if (this.done) this.eventsAfterDone += 1;
    if (data === '[DONE]') {
      this.done = true;
      return;
    }
    const chunk = this.#parse(data);
    if (chunk !== null) this.#addChunk(chunk);
  }

  #parse(data: string): Json | null {
    try {
      const chunk: unknown = JSON.parse(data);
      if (isObject(chunk)) return chunk;
    } catch {
      // recorded below, like JSON that is not an object
    }
    this.malformed.push(data);
    return null;
  }

  #addChunk(chunk: Json): void {
    if (chunk.error !== undefined) this.errorEvent = chunk.error;
    if (typeof chunk.id === 'string') this.ids.add(chunk.id);
    if (typeof chunk.model === 'string') this.models.add(chunk.model);
    if (isObject(chunk.usage)) {
      this.usage = chunk.usage;
      this.usageCount += 1;
    }
    for (const choice of list(chunk.choices)) if (isObject(choice)) this.#addChoice(choice);
  }

  #addChoice(choice: Json): void {
    if (choice.index !== 0) return;
    if (typeof choice.finish_reason === 'string') this.finishReasons.push(choice.finish_reason);
    if (typeof choice.text === 'string') this.text += choice.text;
    if (!isObject(choice.delta)) return;
    if (typeof choice.delta.role === 'string') this.roles.push(choice.delta.role);
    if (typeof choice.delta.content === 'string') this.text += choice.delta.content;
    for (const call of list(choice.delta.tool_calls)) if (isObject(call)) this.#addToolCall(call);
  }

  #addToolCall(call: Json): void {
    const index = Number(call.index);
    const draft = this.toolCalls.get(index) ?? { index, id: null, name: '', arguments: '' };
    this.toolCalls.set(index, draft);
    if (typeof call.id === 'string') draft.id = call.id;
    if (!isObject(call.function)) return;
    if (typeof call.function.name === 'string') draft.name += call.function.name;
    if (typeof call.function.arguments === 'string') draft.arguments += call.function.arguments;
  }
}

/** Folds the first choice of a stream's events into one answer, keeping every oddity for the test to judge. */
export function collectChat(events: Iterable<SseEvent>): CollectedChat {
  const collector = new ChatCollector();
  for (const event of events) if (event.data !== null) collector.add(event.data);
  return {
    text: collector.text,
    toolCalls: [...collector.toolCalls.values()],
    finishReasons: collector.finishReasons,
    usage: collector.usage,
    usageCount: collector.usageCount,
    ids: [...collector.ids],
    models: [...collector.models],
    roles: collector.roles,
    done: collector.done,
    eventsAfterDone: collector.eventsAfterDone,
    errorEvent: collector.errorEvent,
    malformed: collector.malformed,
  };
}
