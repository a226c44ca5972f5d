import type { ServerResponse } from 'node:http';
import { reportBodyBytes } from '@gatewayz/observability';
import { type ApiErrorDetails, toErrorBody } from '../http/api-error.ts';

const DONE = Buffer.from('data: [DONE]\n\n');

/** The client's side of a stream: what has been written to it, and whether it keeps up. */
export class ClientStream {
  firstChunkAt = 0;
  lastChunkAt = 0;
  /** Parts of the answer handed to the client. */
  chunks = 0;
  readonly #response: ServerResponse;
  readonly #requestId: string;
  #bytes = 0;

  constructor(response: ServerResponse, requestId: string) {
    this.#response = response;
    this.#requestId = requestId;
  }

  /** From here on there is no other answer: status and headers are out. */
  get isOpen(): boolean {
    return this.#response.headersSent;
  }

  /** Whether the client's side takes no more for now; it says so itself with `drain` when it does again. */
  get isFull(): boolean {
    return this.#response.writableNeedDrain;
  }

  open(headers: readonly string[]): void {
    const own = ['content-type', 'text/event-stream; charset=utf-8', 'cache-control', 'no-cache'];
    this.#response.writeHead(200, [...own, ...headers] as string[]);
  }

  /** Passes a region of a provider's bytes on as it is. */
  write(bytes: Buffer): void {
    this.#bytes += bytes.length;
    this.#response.write(bytes);
  }

  /** Ends a whole answer; `missingDone` where the provider did not say so itself. */
  finish(missingDone: boolean): void {
    if (missingDone) this.write(DONE);
    this.#end();
  }

  /** Ends an answer that is not whole, so that no client can take it for one: an error event and no `[DONE]`. */
  fail(details: ApiErrorDetails): void {
    this.write(Buffer.from(`data: ${toErrorBody(details, this.#requestId)}\n\n`));
    this.#end();
  }

  #end(): void {
    reportBodyBytes(this.#response, this.#bytes);
    this.#response.end();
  }
}
