import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Clock, systemClock } from '../clock/clock.ts';
import { HEALTH_PATHS, type HealthPath, type HealthScript } from './health-script.ts';
import { playHealthScript } from './play-health-script.ts';
import { type HealthServiceStats, RequestCounts } from './request-counts.ts';

export interface FakeHealthServiceOptions {
  /** Scripts by path; a healthy answer elsewhere. */
  readonly scripts?: Readonly<Partial<Record<HealthPath, HealthScript>>>;
  /** Default a free one. */
  readonly port?: number;
  /** What delays run on. */
  readonly clock?: Clock;
}

/** One request, as it came. */
export interface HealthRequest {
  readonly path: string;
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** `broken`: the connection ended before the answer did, whoever ended it. */
  readonly end: 'pending' | 'complete' | 'broken';
}

/** A running fake health service. */
export interface FakeHealthService extends AsyncDisposable {
  /** The base URL, `http://127.0.0.1:<port>`. */
  readonly url: string;
  readonly port: number;
  /** Every request received, in order, those of other paths included. */
  readonly log: readonly HealthRequest[];
  stats(): HealthServiceStats;
  /** Empties the log and the counts. */
  clear(): void;
  /** What the path does from its next request on. */
  setScript(path: HealthPath, script: HealthScript): void;
  /** Destroys every connection and refuses new ones, until `start()` opens the same port again. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Ends it for good. */
  close(): Promise<void>;
}

class ScriptedHealthService implements FakeHealthService {
  readonly #clock: Clock;
  readonly #scripts = new Map<string, HealthScript>();
  readonly #counts = new RequestCounts();
  #log: HealthRequest[] = [];
  #server: Server | null = null;
  #port: number;

  constructor({ scripts = {}, port = 0, clock = systemClock }: FakeHealthServiceOptions) {
    this.#clock = clock;
    this.#port = port;
    for (const path of HEALTH_PATHS) this.setScript(path, scripts[path] ?? { kind: 'answer' });
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get log(): readonly HealthRequest[] {
    return this.#log;
  }

  stats(): HealthServiceStats {
    return this.#counts.stats();
  }

  clear(): void {
    this.#log = [];
    this.#counts.clear();
  }

  setScript(path: HealthPath, script: HealthScript): void {
    this.#scripts.set(path, script);
  }

  async start(): Promise<void> {
    if (this.#server !== null) return;
    const server = createServer((request, response) => this.#answer(request, response));
    server.on('connection', (socket) => this.#counts.connected(socket));
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
  }

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

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { url: path = '', method = '', headers } = request;
    const entry = { path, method, headers, end: 'pending' as HealthRequest['end'] };
    this.#log.push(entry);
    const script = this.#scripts.get(path);
    const ended = script === undefined ? this.#counts.strayed() : this.#counts.began(path as HealthPath);
    response.once('close', () => {
      entry.end = response.writableFinished ? 'complete' : 'broken';
      ended?.();
    });
    if (script === undefined || method !== 'GET') response.writeHead(script === undefined ? 404 : 405).end();
    else void playHealthScript(script, path as HealthPath, response, this.#clock);
  }
}

/** Starts a fake health service on loopback, healthy unless scripted otherwise, path by path. */
export async function startFakeHealthService(
  options: FakeHealthServiceOptions = {},
): Promise<FakeHealthService> {
  const service = new ScriptedHealthService(options);
  await service.start();
  return service;
}
