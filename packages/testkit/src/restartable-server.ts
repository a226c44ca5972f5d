import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** A server of HTTP on the loopback address that keeps its port when it is stopped and started again. */
export abstract class RestartableServer implements AsyncDisposable {
  #server: Server | null = null;
  #port: number;

  /** Listens on `port`; on a free one where that is 0. */
  constructor(port = 0) {
    this.#port = port;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    if (this.#server !== null) return;
    const server = createServer((request, response) => {
      Promise.resolve(this.serve(request, response)).catch(() => response.destroy());
    });
    server.on('connection', (socket) => this.connected(socket));
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Cuts every connection. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    this.#server = null;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  close(): Promise<void> {
    return this.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** Answers a request; where it rejects the connection is cut. */
  protected abstract serve(request: IncomingMessage, response: ServerResponse): void | Promise<void>;

  /** Hears of every connection. */
  protected connected(_: Socket): void {}
}
