import type { Socket } from 'node:net';
import type { Clock } from '../clock/clock.ts';
import { Exchange } from './exchange.ts';
import type { HttpRequest } from './http-request-parser.ts';
import { HttpRequestParser } from './http-request-parser.ts';

export interface ConnectionHandlers {
  /** Answers one request; resolves to whether the connection may carry another. Must not reject. */
  readonly onExchange: (exchange: Exchange) => Promise<boolean>;
  readonly onMalformed: (error: unknown, socket: Socket) => void;
  readonly onClose: () => void;
}

/** Feeds one socket's requests to the provider, one at a time, in order. */
export class ProviderConnection {
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #number: number;
  readonly #handlers: ConnectionHandlers;
  readonly #parser = new HttpRequestParser();
  #exchange: Exchange | null = null;
  #requests = 0;
  #isOver = false;

  constructor(socket: Socket, clock: Clock, number: number, handlers: ConnectionHandlers) {
    this.#socket = socket;
    this.#clock = clock;
    this.#number = number;
    this.#handlers = handlers;
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
    socket.on('end', () => this.#clientEnded());
    socket.on('error', () => this.#closed());
    socket.on('close', () => {
      this.#closed();
      handlers.onClose();
    });
  }

  destroy(): void {
    this.#socket.destroy();
    this.#closed();
  }

  #take(bytes: Buffer): void {
    if (this.#isOver) return;
    this.#parser.push(bytes);
    if (this.#exchange === null) this.#serveNext();
  }

  #serveNext(): void {
    const request = this.#readNext();
    if (request === null) return;
    this.#requests += 1;
    const exchange = new Exchange(this.#socket, this.#clock, request, this.#number, this.#requests);
    this.#exchange = exchange;
    void this.#handlers.onExchange(exchange).then((keepAlive) => {
      this.#exchange = null;
      if (!keepAlive) this.#isOver = true;
      if (!this.#isOver) this.#serveNext();
    });
  }

  #readNext(): HttpRequest | null {
    try {
      return this.#parser.next();
    } catch (error) {
      this.#isOver = true;
      this.#handlers.onMalformed(error, this.#socket);
      return null;
    }
  }

  /** A client that has finished writing is one that has left: no caller of the provider half-closes. */
  #clientEnded(): void {
    this.#closed();
    this.#socket.destroy();
  }

  #closed(): void {
    this.#isOver = true;
    this.#exchange?.closed();
  }
}
