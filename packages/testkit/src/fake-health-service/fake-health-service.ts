import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Clock, systemClock } from '../clock/clock.ts';
import { RestartableServer } from '../restartable-server.ts';
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

class ScriptedHealthService extends RestartableServer implements FakeHealthService {
  readonly #clock: Clock;
  readonly #scripts = new Map<string, HealthScript>();
  readonly #counts = new RequestCounts();
  #log: HealthRequest[] = [];

  constructor({ scripts = {}, port = 0, clock = systemClock }: FakeHealthServiceOptions) {
    super(port);
    this.#clock = clock;
    for (const path of HEALTH_PATHS) this.setScript(path, scripts[path] ?? { kind: 'answer' });
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

  protected override connected(socket: Socket): void {
    this.#counts.connected(socket);
  }

  protected override serve(request: IncomingMessage, response: ServerResponse): void {
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
