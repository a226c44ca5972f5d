/** The bytes that the bench's upstream answers with, made once. */

/** Content chunks in one streamed answer. */
export const streamChunks = 50;
/** What every whole stream ends with. */
export const streamTerminator = 'data: [DONE]\n\n';

const model = 'bench-model';
const text =
  'A gateway stands between many clients and many providers: it knows which of them are healthy, sends each ' +
  'request where it will be answered, and writes down what happened so that somebody can look at it later.';
const usage = { prompt_tokens: 212, completion_tokens: 50, total_tokens: 262 };

/** A whole HTTP/1.1 response with a chat completion of about 600 bytes. */
export function jsonAnswer(): Buffer {
  const body = JSON.stringify({
    id: 'chatcmpl-bench000000000000000000000001',
    object: 'chat.completion',
    created: 1_760_000_000,
    model,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: text, refusal: null },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: {
      ...usage,
      prompt_tokens_details: { cached_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 0 },
    },
    service_tier: 'default',
    system_fingerprint: 'fp_bench',
  });
  const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
  return Buffer.from(head + body);
}

function event(choices: readonly unknown[], extra: Readonly<Record<string, unknown>>): string {
  const data = {
    id: 'chatcmpl-bench000000000000000000000002',
    object: 'chat.completion.chunk',
    created: 1_760_000_000,
    model,
    choices,
    ...extra,
  };
  return `data: ${JSON.stringify(data)}\n\n`;
}

function streamEvents(withUsage: boolean): string[] {
  const extra = withUsage ? { usage: null } : {};
  const events = Array.from({ length: streamChunks }, (_, index) => {
    const delta = index === 0 ? { role: 'assistant', content: 'A' } : { content: ` token${index % 10}` };
    return event([{ index: 0, delta, finish_reason: null }], extra);
  });
  events.push(event([{ index: 0, delta: {}, finish_reason: 'stop' }], extra));
  if (withUsage) {
    events.push(event([], { usage }));
  }
  events.push(streamTerminator);
  return events;
}

/** The pieces of a streamed HTTP/1.1 response: one HTTP chunk per event, the head with the first, the end with the last. */
export function streamAnswer(withUsage: boolean): readonly Buffer[] {
  const chunks = streamEvents(withUsage).map((data) => `${data.length.toString(16)}\r\n${data}\r\n`);
  const head =
    'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n';
  const last = chunks.length - 1;
  return chunks.map((chunk, index) =>
    Buffer.from(`${index === 0 ? head : ''}${chunk}${index === last ? '0\r\n\r\n' : ''}`),
  );
}

/** Joins `pieces` into at most `writes` buffers of about equal piece count. */
export function splitAnswer(pieces: readonly Buffer[], writes: number): readonly Buffer[] {
  const size = Math.ceil(pieces.length / Math.max(1, writes));
  const joined: Buffer[] = [];
  for (let start = 0; start < pieces.length; start += size) {
    joined.push(Buffer.concat(pieces.slice(start, start + size)));
  }
  return joined;
}
