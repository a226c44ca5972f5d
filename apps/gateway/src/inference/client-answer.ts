import type { ServerResponse } from 'node:http';
import { type ApiErrorDetails, toErrorBody } from '../http/api-error.ts';
import { limitReading } from '../http/limit-reading.ts';

/** Up to this size copying a body is cheaper than a second write. */
const ONE_WRITE_BYTES = 16_384;

const DONE = Buffer.from('data: [DONE]\n\n');

/** Hears when the client does not keep up. */
export interface ClientAnswerOwner {
  clientFull(): void;
}

/** The client's side of an exchange: its one answer, plain or streamed, and whether it keeps up with it. */
export class ClientAnswer {
  readonly #response: ServerResponse;
  readonly #requestId: string;
  readonly #writeTimeoutMs: number;
  readonly #owner: ClientAnswerOwner;
  /** Regions that came in this turn of the event loop: they go out in one write at its end. */
  #pending: Buffer[] = [];
  #isHeld = false;

  constructor(response: ServerResponse, requestId: string, writeTimeoutMs: number, owner: ClientAnswerOwner) {
    this.#response = response;
    this.#requestId = requestId;
    this.#writeTimeoutMs = writeTimeoutMs;
    this.#owner = owner;
  }

  /** From here on there is no other answer: status and headers are out. */
  get isOpen(): boolean {
    return this.#response.headersSent;
  }

  open(headers: readonly string[]): void {
    this.#response.writeHead(200, [
      'content-type',
      'text/event-stream; charset=utf-8',
      'cache-control',
      'no-cache',
      ...headers,
    ]);
  }

  /** Gives the whole answer at once. */
  respond(status: number, body: Buffer, headers: readonly string[]): void {
    const own = ['content-type', 'application/json', 'content-length', String(body.length)];
    this.#response.writeHead(status, [...own, ...headers]);
    // A Latin-1 string holds the same bytes, and leaves with the headers in one write.
    if (body.length <= ONE_WRITE_BYTES) this.#response.end(body.toString('latin1'), 'latin1');
    else this.#response.end(body);
    limitReading(this.#response.socket, this.#writeTimeoutMs);
  }

  /** Gives an error in place of an answer. */
  refuse(details: ApiErrorDetails, headers: readonly string[]): void {
    const seconds = details.retryAfterSeconds ?? null;
    const more = seconds === null ? [] : ['retry-after', String(seconds)];
    this.respond(details.status, Buffer.from(toErrorBody(details, this.#requestId)), [...headers, ...more]);
  }

  /** Passes a region of a provider's bytes on as it is. */
  write(bytes: Buffer): void {
    if (this.#pending.length === 0) process.nextTick(flush, this);
    this.#pending.push(bytes);
  }

  /** Ends a whole answer; `missingDone` where the provider did not say so itself. */
  finish(missingDone: boolean): void {
    if (missingDone) this.#pending.push(DONE);
    this.#end();
  }

  /** Ends an answer that is not whole, so that no client can take it for one: an error event and no `[DONE]`. */
  fail(details: ApiErrorDetails): void {
    this.#pending.push(Buffer.from(`data: ${toErrorBody(details, this.#requestId)}\n\n`));
    this.#end();
  }

  /** Gives the client up. */
  abandon(): void {
    this.#response.destroy();
  }

  /** Keeps what has not gone out yet until the answer is finished. */
  hold(): void {
    this.#isHeld = true;
  }

  flush(): void {
    if (this.#pending.length === 0 || this.#isHeld) return;
    const hasRoom = this.#response.write(this.#take());
    if (!hasRoom) this.#owner.clientFull();
  }

  #end(): void {
    const last = this.#take();
    this.#response.end(last);
    limitReading(this.#response.socket, this.#writeTimeoutMs);
  }

  #take(): Buffer {
    const pending = this.#pending;
    const bytes = pending.length === 1 ? (pending[0] as Buffer) : Buffer.concat(pending);
    this.#pending = [];
    return bytes;
  }
}

function flush(client: ClientAnswer): void {
  client.flush();
}
