import type { Socket } from 'node:net';
import type { Clock } from '../clock/clock.ts';
import type { HttpRequest } from './http-request-parser.ts';

/** The other side, or the provider's own shutdown, has taken the connection away. */
export class ExchangeClosedError extends Error {
  override readonly name = 'ExchangeClosedError';
}

type Stop = () => void;

/** One request on a socket: writes, waits and pauses that all end when the connection does. */
export class Exchange {
  readonly request: HttpRequest;
  readonly connection: number;
  /** 1 for the connection's first request. */
  readonly numberOnConnection: number;
  readonly clock: Clock;
  readonly #socket: Socket;
  #isClosed = false;
  #isLeft = false;
  #cancel: Stop | null = null;

  constructor(
    socket: Socket,
    clock: Clock,
    request: HttpRequest,
    connection: number,
    numberOnConnection: number,
  ) {
    this.#socket = socket;
    this.clock = clock;
    this.request = request;
    this.connection = connection;
    this.numberOnConnection = numberOnConnection;
  }

  /** Bytes handed to the socket that the kernel has not yet taken. */
  get bytesWaiting(): number {
    return this.#socket.writableLength;
  }

  /** Writes; false asks to await `drained()` before more. Throws `ExchangeClosedError`. */
  write(bytes: Buffer): boolean {
    if (this.#isClosed) throw new ExchangeClosedError();
    return this.#socket.write(bytes);
  }

  drained(): Promise<void> {
    return this.#wait((resolve) => {
      this.#socket.once('drain', resolve);
      return () => this.#socket.off('drain', resolve);
    });
  }

  /** Resolves once the kernel has taken every byte written so far. */
  flushed(): Promise<void> {
    return this.#wait((resolve) => {
      this.#socket.write('', (error) => {
        if (!error) resolve();
      });
      return () => undefined;
    });
  }

  /** Lets the event loop turn, so that the next write is a segment of its own. */
  turn(): Promise<void> {
    return this.#wait((resolve) => {
      const handle = setImmediate(resolve);
      return () => clearImmediate(handle);
    });
  }

  sleep(ms: number): Promise<void> {
    return this.#wait((resolve) => {
      const timer = this.clock.setTimeout(resolve, ms);
      return () => this.clock.clearTimeout(timer);
    });
  }

  /** Waits for the connection to go: only ever rejects. */
  untilClosed(): Promise<void> {
    return this.#wait(() => () => undefined);
  }

  /** Whether the provider itself took the connection away. */
  get isLeft(): boolean {
    return this.#isLeft;
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#isLeft = true;
    this.#socket.destroy();
  }

  reset(): void {
    this.#isLeft = true;
    this.#socket.resetAndDestroy();
  }

  /** Told by the connection when it is gone. */
  closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancel?.();
  }

  #wait(start: (resolve: () => void) => Stop | unknown): Promise<void> {
    if (this.#isClosed) return Promise.reject(new ExchangeClosedError());
    return new Promise((resolve, reject) => {
      const stop = start(() => {
        this.#cancel = null;
        resolve();
      });
      this.#cancel = () => {
        if (typeof stop === 'function') stop();
        reject(new ExchangeClosedError());
      };
    });
  }
}
