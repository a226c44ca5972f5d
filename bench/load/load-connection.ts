import { connect, type Socket } from 'node:net';
import { streamTerminator } from '../upstream-answers.ts';
import { ResponseReader } from './response-reader.ts';

const terminator = Buffer.from(streamTerminator);

/** What a connection sends, what it must get back, and whom it tells. */
export interface Traffic {
  readonly port: number;
  readonly request: Buffer;
  readonly stream: boolean;
  readonly bodyBytes: number;
  /** Called once per request; `error` is null where the answer was right. */
  readonly onAnswer: (connection: LoadConnection, error: string | null) => void;
  /** Called when the connection is gone, after `onAnswer` where a request was under way. */
  readonly onClose: (connection: LoadConnection) => void;
}

/** One kept connection that has at most one request under way and reads into one buffer of its own. */
export class LoadConnection {
  /** When the request under way began, in milliseconds of `performance.now()`. */
  startedAt = 0;
  /** When the first byte of the body came, on the same clock. */
  firstChunkAt = 0;

  readonly #traffic: Traffic;
  readonly #socket: Socket;
  readonly #reader = new ResponseReader(terminator.length);
  #busy = false;

  constructor(traffic: Traffic) {
    this.#traffic = traffic;
    this.#socket = connect({
      host: '127.0.0.1',
      port: traffic.port,
      noDelay: true,
      onread: {
        buffer: Buffer.allocUnsafeSlow(64 * 1024),
        callback: (length: number, buffer: Uint8Array) => this.#read(buffer as Buffer, length),
      },
    });
    this.#socket.on('error', (error) => this.#fail(error.message));
    this.#socket.on('close', () => {
      this.#fail('connection closed');
      traffic.onClose(this);
    });
  }

  /** @param startedAt the time that the latency counts from */
  send(startedAt: number): void {
    this.startedAt = startedAt;
    this.firstChunkAt = 0;
    this.#busy = true;
    this.#reader.reset();
    this.#socket.write(this.#traffic.request);
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(buffer: Buffer, length: number): boolean {
    const state = this.#reader.push(buffer, length);
    if (this.firstChunkAt === 0 && this.#reader.bodyBytes > 0) {
      this.firstChunkAt = performance.now();
    }
    if (state === 'more') {
      return true;
    }
    this.#busy = false;
    this.#traffic.onAnswer(this, state === 'broken' ? 'broken framing' : this.#fault());
    if (state === 'broken') {
      this.#socket.destroy();
    }
    return true;
  }

  #fault(): string | null {
    if (this.#reader.status !== 200) {
      return `status ${this.#reader.status}`;
    }
    if (this.#traffic.stream && !this.#reader.tail.equals(terminator)) {
      return 'stream without its end';
    }
    return this.#reader.bodyBytes === this.#traffic.bodyBytes ? null : 'body of another length';
  }

  #fail(reason: string): void {
    if (this.#busy) {
      this.#busy = false;
      this.#traffic.onAnswer(this, reason);
    }
  }
}
