/**
 * The floor that the gateway is measured against: `node:http` in front, undici's `Pool.dispatch` behind, bytes
 * passed through with back-pressure and nothing else.
 *
 * Run as a process: `PORT=8080 UPSTREAM=http://127.0.0.1:9001 node bench/bare-proxy.ts`.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type Dispatcher, Pool } from 'undici';

const pool = new Pool(process.env.UPSTREAM ?? 'http://127.0.0.1:9001', { pipelining: 1 });

class Relay implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  onRequestStart(): void {}

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    const { connection: _connection, 'keep-alive': _keepAlive, ...passed } = headers;
    this.#response.writeHead(statusCode, passed);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#response.write(chunk)) {
      controller.pause();
      this.#response.once('drain', () => controller.resume());
    }
  }

  onResponseEnd(): void {
    this.#response.end();
  }

  onResponseError(): void {
    if (this.#response.headersSent) {
      this.#response.destroy();
      return;
    }
    this.#response.writeHead(502).end();
  }
}

function forward(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  const headers = {
    'content-type': request.headers['content-type'] ?? 'application/json',
    authorization: request.headers.authorization ?? '',
  };
  pool.dispatch(
    { path: request.url ?? '/', method: request.method ?? 'GET', headers, body },
    new Relay(response),
  );
}

const server = createServer((request, response) => {
  // Collected and not piped: a Readable body makes undici slower, and the floor has to be the fastest there is.
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const [first] = chunks;
    forward(request, response, chunks.length === 1 && first ? first : Buffer.concat(chunks));
  });
});

server.listen(Number(process.env.PORT), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
