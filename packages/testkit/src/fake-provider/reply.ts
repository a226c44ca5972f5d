import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { toAnswer } from './answer.ts';
import { toAnswerBody, usageOf } from './answer-body.ts';
import type { Frame } from './answer-events.ts';
import { toAnswerEvents } from './answer-events.ts';
import { prefillOf } from './expected-answer.ts';
import type { OpenaiRefusal, ProviderRequest } from './read-openai-request.ts';
import { toRefusal } from './read-openai-request.ts';
import type { AnswerScript, BodyScript, BodySource, ContentEncoding, Delivery } from './script.ts';

/** A status, headers and body parts, with how they are to be delivered. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly frames: Iterable<Frame>;
  /** Body bytes, where known before sending; else null. */
  readonly length: number | null;
  readonly delivery: Delivery;
  /** The body is left without its end and the socket open. */
  readonly leaveOpen: boolean;
}

const JSON_TYPE = 'application/json';
const EVENTS_TYPE = 'text/event-stream; charset=utf-8';
const FILL = Buffer.alloc(1 << 16, 0x20);
const COMPRESS: Readonly<Record<ContentEncoding, (bytes: Buffer) => Buffer>> = {
  gzip: (bytes) => gzipSync(bytes),
  deflate: (bytes) => deflateSync(bytes),
  br: (bytes) => brotliCompressSync(bytes),
};

function wholeBody(bytes: Buffer, usage?: unknown, content?: string): readonly Frame[] {
  return [
    {
      bytes,
      isEvent: true,
      ...(usage === undefined ? {} : { usage }),
      ...(content === undefined ? {} : { content }),
    },
  ];
}

function* fill(bytes: number): Generator<Frame, void, void> {
  for (let left = bytes; left > 0; left -= FILL.length) {
    yield { bytes: left >= FILL.length ? FILL : FILL.subarray(0, left), isEvent: true };
  }
}

function encode(reply: Reply): Reply {
  const { encoding = [] } = reply.delivery;
  if (encoding.length === 0) return reply;
  const plain = Buffer.concat([...reply.frames].map((frame) => frame.bytes));
  const bytes = encoding.reduce<Buffer>((body, name) => COMPRESS[name](body), plain);
  const headers = { ...reply.headers, 'content-encoding': encoding.join(', ') };
  return { ...reply, headers, frames: wholeBody(bytes), length: bytes.length };
}

/** A refusal in OpenAI's shape as a reply. */
export function toRefusalReply({ status, error }: OpenaiRefusal, headers: Delivery['headers'] = {}): Reply {
  const bytes = Buffer.from(JSON.stringify({ error }));
  return {
    status,
    headers: { 'content-type': JSON_TYPE, ...headers },
    frames: wholeBody(bytes),
    length: bytes.length,
    delivery: {},
    leaveOpen: false,
  };
}

/** A JSON value as a plain 200 reply. */
export function toJsonReply(value: unknown): Reply {
  const bytes = Buffer.from(JSON.stringify(value));
  return {
    status: 200,
    headers: { 'content-type': JSON_TYPE },
    frames: wholeBody(bytes),
    length: bytes.length,
    delivery: {},
    leaveOpen: false,
  };
}

function toStreamReply(script: AnswerScript, request: ProviderRequest, number: number): Reply {
  const answer = toAnswer(script, request, number);
  return {
    status: script.status ?? 200,
    headers: { 'content-type': EVENTS_TYPE, 'cache-control': 'no-cache', ...script.headers },
    frames: toAnswerEvents(answer, request, script),
    length: null,
    delivery: script,
    leaveOpen: script.done === 'missing_open',
  };
}

/** The reply of an answer script: JSON or a stream, as asked, or the refusal of a prefill. */
export function toAnswerReply(script: AnswerScript, request: ProviderRequest, number: number): Reply {
  if (script.prefill === 'refuse' && prefillOf(request.json) !== null) {
    return toRefusalReply(toRefusal(400, 'The last message must not be from the assistant', 'messages'));
  }
  if (request.stream && request.endpoint !== 'embeddings') {
    return encode(toStreamReply(script, request, number));
  }
  const answer = toAnswer(script, request, number);
  const usage = usageOf(answer, request);
  const bytes = Buffer.from(JSON.stringify(toAnswerBody(answer, request, usage)));
  return encode({
    status: script.status ?? 200,
    headers: { 'content-type': JSON_TYPE, ...script.headers },
    frames: wholeBody(bytes, usage, answer.text),
    length: bytes.length,
    delivery: script,
    leaveOpen: false,
  });
}

function readBodySource(body: BodySource): Pick<Reply, 'frames' | 'length'> & { readonly type: string } {
  if ('fillBytes' in body) return { type: JSON_TYPE, frames: fill(body.fillBytes), length: body.fillBytes };
  if ('events' in body) {
    const frames = body.events.map((event) => ({ bytes: Buffer.from(event), isEvent: true }));
    return { type: EVENTS_TYPE, frames, length: null };
  }
  if ('text' in body) {
    const bytes = Buffer.from(body.text);
    return { type: 'text/plain; charset=utf-8', frames: wholeBody(bytes), length: bytes.length };
  }
  const bytes = 'json' in body ? Buffer.from(JSON.stringify(body.json)) : Buffer.from(body.bytes);
  return { type: JSON_TYPE, frames: wholeBody(bytes), length: bytes.length };
}

/** The reply of a body script. */
export function toBodyReply(script: BodyScript): Reply {
  const { type, frames, length } = readBodySource(script.body);
  return encode({
    status: script.status ?? 200,
    headers: { 'content-type': script.contentType ?? type, ...script.headers },
    frames,
    length,
    delivery: script,
    leaveOpen: false,
  });
}
