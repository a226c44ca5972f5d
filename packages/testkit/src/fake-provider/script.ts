import type { ProviderRequest } from './read-openai-request.ts';

/** Where in the body a fault strikes; a body that ends sooner is struck at its end, before its terminator. */
export type FaultPoint = { readonly afterEvents: number } | { readonly afterBytes: number };

/** How the delivery of a body goes wrong. */
export type Fault =
  /** Nothing more is sent; the socket stays open. */
  | { readonly kind: 'stall'; readonly at: FaultPoint }
  /** The body goes out whole, but `bytes` at a time, every `intervalMs`. */
  | { readonly kind: 'drip'; readonly bytes: number; readonly intervalMs: number }
  /** The body ends early and cleanly, with its chunked terminator. */
  | { readonly kind: 'close'; readonly at: FaultPoint }
  /** The socket is destroyed (FIN) in the middle of the body. */
  | { readonly kind: 'cut'; readonly at: FaultPoint }
  /** The socket is reset (RST) in the middle of the body. */
  | { readonly kind: 'reset'; readonly at: FaultPoint }
  /** The write side ends in the middle of the body; reading goes on. */
  | { readonly kind: 'half_close'; readonly at: FaultPoint }
  /** Bytes that are not a chunk follow, and the socket ends. */
  | { readonly kind: 'bad_chunk'; readonly at: FaultPoint }
  /** For a body of known length. Content-Length is off by `delta`; when too large, the socket ends after the body. */
  | { readonly kind: 'wrong_content_length'; readonly delta: number }
  /** `data: {"error": …}` follows and the body ends cleanly, with `[DONE]` when `done`. */
  | {
      readonly kind: 'error_event';
      readonly at: FaultPoint;
      readonly error?: unknown;
      readonly done?: boolean;
    };

/** How body bytes are cut into chunks and socket writes. */
export type Chunking = 'perEvent' | 'allAtOnce' | { readonly sliceBytes: number };

export type ContentEncoding = 'gzip' | 'deflate' | 'br';

/** The part of a script that says how a reply goes over the wire. */
export interface Delivery {
  /** Name shown in the log; the kind when absent. */
  readonly name?: string;
  readonly status?: number;
  /** Added to, and winning over, the usual ones; `connection: close` ends the socket afterwards. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly delayBeforeHeadersMs?: number;
  readonly delayBeforeBodyMs?: number;
  /** Between two body writes. */
  readonly intervalMs?: number;
  /** Default `perEvent`; a JSON body is one event. */
  readonly chunking?: Chunking;
  /** Default `length` for one known body and `chunked` for a stream; `close` ends the body with the socket. */
  readonly framing?: 'length' | 'chunked' | 'close';
  /** Applied in order, so that two of them are stacked. */
  readonly encoding?: readonly ContentEncoding[];
  readonly fault?: Fault;
}

/** `present`: the true figures. `absent`: none. An object is sent as it is, however hostile. */
export type UsageScript = 'present' | 'absent' | { readonly value: unknown };

export interface ToolCallScript {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

/** What only a streamed answer has. */
export interface StreamShape {
  /** Default true: a first event with the role and empty content. */
  readonly roleChunk?: boolean;
  /** Default `asked`: an event of its own, when `stream_options.include_usage` is true. */
  readonly usageChunk?: 'asked' | 'always' | 'never' | 'with_finish';
  /** Default `present`. `missing_open` leaves the body and the socket open after the last event. */
  readonly done?: 'present' | 'missing' | 'missing_open' | 'twice' | 'then_data';
  /** Raw bytes put before the event of that index (0 = the first); they do not count as events. */
  readonly insert?: readonly { readonly at: number; readonly raw: string | Uint8Array }[];
  readonly lineEnd?: '\n' | '\r\n' | '\r';
}

/** A proper answer in the shape that the request asked for, with its deviations. */
export interface AnswerScript extends Delivery, StreamShape {
  readonly kind: 'answer';
  /** Default `expectedAnswer(request)`. */
  readonly text?: string;
  /** The stream's content pieces; default the text's words. A function may make any number, lazily. */
  readonly pieces?: readonly string[] | (() => Iterable<string>);
  readonly toolCalls?: readonly ToolCallScript[];
  /** Default `stop`, `length` or `tool_calls` as fits; null leaves it out to the end. */
  readonly finishReason?: string | null;
  readonly usage?: UsageScript;
  /** What is made of a last message from the assistant: default `ignore`, start anew. */
  readonly prefill?: 'accept' | 'refuse' | 'ignore';
  readonly id?: string;
  readonly created?: number;
  /** The model named in the answer; default the one asked for. */
  readonly model?: string;
}

export type BodySource =
  | { readonly json: unknown }
  | { readonly text: string }
  | { readonly bytes: Uint8Array }
  /** Raw stream parts, each counted as one event. */
  | { readonly events: readonly (string | Uint8Array)[] }
  /** That many spaces, made as they are sent. */
  | { readonly fillBytes: number };

/** Any status and body, whatever was asked. */
export interface BodyScript extends Delivery {
  readonly kind: 'body';
  readonly body: BodySource;
  readonly contentType?: string;
}

/** Bytes straight to the socket, HTTP or not. */
export interface RawScript {
  readonly kind: 'raw';
  readonly name?: string;
  readonly bytes: string | Uint8Array;
  readonly then: 'keep_open' | 'end' | 'destroy' | 'reset';
}

/** The request is read and never answered. */
export interface HangScript {
  readonly kind: 'hang';
  readonly name?: string;
}

/** The connection goes away before any byte of an answer. */
export interface DropScript {
  readonly kind: 'drop';
  readonly name?: string;
  readonly how: 'end' | 'destroy' | 'reset';
  /** `reused`: only where the connection has carried a request before; else `otherwise` is played. */
  readonly when: 'always' | 'reused';
  readonly otherwise?: Script;
}

/** What a fake provider does with one request. */
export type Script = AnswerScript | BodyScript | RawScript | HangScript | DropScript;

/** Picks a script; `attempt` counts that model's attempts from 1. Undefined leaves the choice to the rest. */
export type ScriptFunction = (request: ProviderRequest, attempt: number) => Script | undefined;

/** One script, one per successive attempt (the last repeats), or a function. */
export type ScriptSource = Script | readonly Script[] | ScriptFunction;
