/**
 * Several places for lines and spans at once, each of which takes what comes, is not there, hangs, or refuses.
 *
 * Run as a process: `PORT=9002 SINKS='[{"port":9003,"state":"hangs"}]' node bench/outage/sink-process.ts`. On its own
 * port `POST /heal` makes all of them take what comes, and `GET /taken` says how many lines and spans each has taken.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { countEntries } from './count-entries.ts';
import type { SinkState } from './sink-state.ts';

class Sink {
  readonly port: number;
  state: SinkState;
  readonly #server: Server;
  /** Counted when somebody asks: reading them meanwhile would cost the core that the load comes from. */
  readonly #taken: { readonly path: string; readonly isGzip: boolean; readonly body: Buffer }[] = [];

  constructor(port: number, state: SinkState) {
    this.port = port;
    this.state = state;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  async listen(): Promise<void> {
    if (this.state === 'refuses' || this.#server.listening) return;
    this.#server.listen(this.port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async heal(): Promise<void> {
    // First: whose connection ends now has no answer, and comes again.
    this.#server.closeAllConnections();
    this.state = 'takes';
    await this.listen();
  }

  taken(): number {
    return this.#taken.reduce((sum, one) => sum + countEntries(one.path, one.isGzip, one.body), 0);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request).catch(() => null);
    const isGone = body === null || request.socket.destroyed;
    if (isGone || this.state === 'hangs' || this.state === 'refuses') return;
    if (this.state !== 'takes') {
      response.writeHead(this.state).end();
      return;
    }
    const { url: path = '', headers } = request;
    this.#taken.push({ path, isGzip: headers['content-encoding'] === 'gzip', body });
    const isTraces = path === '/v1/traces';
    response.writeHead(isTraces ? 200 : 204, isTraces ? { 'content-type': 'application/x-protobuf' } : {});
    response.end();
  }
}

type SinkPlan = Pick<Sink, 'port' | 'state'>;
const plans = JSON.parse(process.env.SINKS ?? '[]') as readonly SinkPlan[];
const sinks = plans.map(({ port, state }) => new Sink(port, state));
for (const sink of sinks) await sink.listen();

createServer(async (request, response) => {
  if (request.method === 'POST') await Promise.all(sinks.map((sink) => sink.heal()));
  response.end(JSON.stringify(Object.fromEntries(sinks.map((sink) => [sink.port, sink.taken()]))));
}).listen(Number(process.env.PORT), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
