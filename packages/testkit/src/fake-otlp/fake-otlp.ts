import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { type Clock, systemClock } from '../clock/clock.ts';
import { RestartableServer } from '../restartable-server.ts';
import { encodeAnswer } from './otlp-messages.ts';
import type { OtlpScript } from './otlp-script.ts';
import { readExport } from './read-export.ts';
import type { ReceivedSpan } from './received-span.ts';

export interface FakeOtlpOptions {
  readonly script?: OtlpScript;
  /** What delays run on. */
  readonly clock?: Clock;
}

/** One request for spans, as it came. */
export interface OtlpRequestLog {
  readonly headers: IncomingHttpHeaders;
  /** How many spans it held; 0 for one that could not be read. */
  readonly spans: number;
  readonly bytes: number;
  readonly script: OtlpScript['kind'] | 'refused';
}

/** A running fake collector of traces, by OTLP/HTTP with protobuf. */
export interface FakeOtlp extends AsyncDisposable {
  /** What belongs into OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string;
  /** Every span kept, in order; a span that came twice is there twice. */
  readonly spans: readonly ReceivedSpan[];
  readonly requests: readonly OtlpRequestLog[];
  /** What was wrong with requests that were answered 400, 404, 405, one sentence each. */
  readonly problems: readonly string[];
  /** How many connections are open. */
  readonly connections: number;
  /** What it does from the next request on; of a list, one each, and the last one from then on. */
  setScript(script: OtlpScript | readonly [OtlpScript, ...OtlpScript[]]): void;
  /** Empties spans, requests and problems. */
  clear(): void;
  /** Destroys every connection and refuses new ones, until `start()` opens the same port again. */
  stop(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

const PATH = '/v1/traces';

class ScriptedOtlp extends RestartableServer implements FakeOtlp {
  spans: ReceivedSpan[] = [];
  requests: OtlpRequestLog[] = [];
  problems: string[] = [];
  connections = 0;
  readonly #clock: Clock;
  #scripts: OtlpScript[];

  constructor({ script = { kind: 'accept' }, clock = systemClock }: FakeOtlpOptions) {
    super();
    this.#scripts = [script];
    this.#clock = clock;
  }

  setScript(script: OtlpScript | readonly [OtlpScript, ...OtlpScript[]]): void {
    this.#scripts = [script].flat() as OtlpScript[];
  }

  clear(): void {
    this.spans = [];
    this.requests = [];
    this.problems = [];
  }

  protected override connected(socket: Socket): void {
    this.connections += 1;
    socket.once('close', () => {
      this.connections -= 1;
    });
  }

  protected override async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const spans = this.#read(request, body, response);
    if (spans === null) return;
    const script = (this.#scripts.length > 1 ? this.#scripts.shift() : this.#scripts[0]) ?? {
      kind: 'accept',
    };
    this.#log(request, body, spans.length, script.kind);
    this.#play(script, spans, response);
  }

  /** The spans, or null after it was answered that they are no such request. */
  #read(request: IncomingMessage, body: Buffer, response: ServerResponse): readonly ReceivedSpan[] | null {
    try {
      if (request.url !== PATH) return this.#refuse(request, body, response, 404, `the path ${request.url}`);
      if (request.method !== 'POST') {
        return this.#refuse(request, body, response, 405, `the method ${request.method}`);
      }
      return readExport(request.headers, body);
    } catch (error) {
      return this.#refuse(
        request,
        body,
        response,
        400,
        error instanceof Error ? error.message : String(error),
      );
    }
  }

  #refuse(
    request: IncomingMessage,
    body: Buffer,
    response: ServerResponse,
    status: number,
    problem: string,
  ): null {
    this.problems.push(problem);
    this.#log(request, body, 0, 'refused');
    response.writeHead(status).end();
    return null;
  }

  #log(
    { headers }: IncomingMessage,
    { length: bytes }: Buffer,
    spans: number,
    script: OtlpRequestLog['script'],
  ): void {
    this.requests.push({ headers, spans, bytes, script });
  }

  #play(script: OtlpScript, spans: readonly ReceivedSpan[], response: ServerResponse): void {
    switch (script.kind) {
      case 'accept':
        this.#keep(spans);
        if (script.delayMs === undefined) accept(response, encodeAnswer());
        else this.#clock.setTimeout(() => accept(response, encodeAnswer()), script.delayMs);
        return;
      case 'partial': {
        const { rejectedSpans, errorMessage = '' } = script;
        this.#keep(spans.slice(Math.max(rejectedSpans, 0)));
        accept(response, encodeAnswer({ rejectedSpans, errorMessage }));
        return;
      }
      case 'reply':
        response.writeHead(script.status, script.headers ?? {}).end(script.body);
        return;
      case 'hang':
        return;
      case 'reset':
        if (script.keeps) this.#keep(spans);
        response.socket?.resetAndDestroy();
        return;
      default:
        script satisfies never;
    }
  }

  #keep(spans: readonly ReceivedSpan[]): void {
    for (const span of spans) this.spans.push(span);
  }
}

function accept(response: ServerResponse, body: Uint8Array): void {
  response
    .writeHead(200, { 'content-type': 'application/x-protobuf', 'content-length': body.length })
    .end(body);
}

/** Starts a fake collector on loopback that reads spans by the official schema and answers 400 to what breaks it. */
export async function startFakeOtlp(options: FakeOtlpOptions = {}): Promise<FakeOtlp> {
  const collector = new ScriptedOtlp(options);
  await collector.start();
  return collector;
}
