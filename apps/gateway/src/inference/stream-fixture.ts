import type { StreamChunk } from './event-reader.ts';
import type { StreamOutlet } from './stream-answer.ts';

/** A chunk of the first choice's text, as the event reader gives it. */
export function textChunk(text: string, more: Partial<StreamChunk> = {}): StreamChunk {
  return {
    text,
    textBytes: null,
    textStart: 0,
    textEnd: 0,
    choices: 1,
    saidBytes: Buffer.byteLength(text),
    finishReasons: [],
    finished: [],
    indexes: [0],
    hasMore: false,
    usage: null,
    id: null,
    created: null,
    isRepeated: false,
    value: { choices: [{ index: 0, delta: { content: text } }] },
    ...more,
  };
}

/** One event of a chat stream in OpenAI's shape. */
export function chatEvent(
  content: string | null,
  { finish = null, index = 0, id = 'chatcmpl-1', ...more }: Readonly<Record<string, unknown>> = {},
): string {
  const choices = [{ index, delta: content === null ? {} : { content }, finish_reason: finish }];
  return `data: ${JSON.stringify({ id, object: 'chat.completion.chunk', created: 7, model: 'large', choices, ...more })}\n\n`;
}

export const DONE_EVENT = 'data: [DONE]\n\n';

/** Takes what a client would be sent. */
export class FakeOutlet implements StreamOutlet {
  sent = '';
  opened = 0;
  chunks = 0;
  saidBytes = 0;
  dropped = 0;

  open(): void {
    this.opened += 1;
  }

  write(bytes: Buffer): void {
    this.sent += bytes.toString('utf8');
  }

  chunksPassed(count: number, saidBytes: number): void {
    this.chunks += count;
    this.saidBytes += saidBytes;
  }

  eventDropped(): void {
    this.dropped += 1;
  }
}

/** The chunks in what was sent; throws where an event is no JSON. */
export function chunksIn(sent: string): readonly Readonly<Record<string, unknown>>[] {
  return sent
    .split('\n\n')
    .filter((event) => event !== '' && event !== 'data: [DONE]')
    .map((event) => JSON.parse(event.replace(/^data: /, '')));
}

/** The text of the first choice in what was sent. */
export function textIn(sent: string): string {
  const contentOf = (chunk: Readonly<Record<string, unknown>>): string => {
    const [choice] = chunk.choices as readonly { delta?: { content?: string }; text?: string }[];
    return choice?.delta?.content ?? choice?.text ?? '';
  };
  return chunksIn(sent).map(contentOf).join('');
}
