import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Clock, systemClock } from '../clock/clock.ts';
import { RestartableServer } from '../restartable-server.ts';
import { IngestionRate } from './ingestion-rate.ts';
import { LOKI_LIMITS, type LokiLimits } from './loki-limits.ts';
import type { LokiScript } from './loki-script.ts';
import { type DiscardReason, LokiStore, pushedBytes, type StoredStream } from './loki-store.ts';
import { PushError, type PushedStream, readPush, unpack } from './read-push.ts';

export interface FakeLokiOptions {
  readonly limits?: Partial<LokiLimits>;
  /** `auth_enabled`: pushes without `X-Scope-OrgID` are answered 401. */
  readonly needsTenant?: boolean;
  /** `name:password` that a push must come with. */
  readonly basicAuth?: string;
  /** Default a free one. */
  readonly port?: number;
  /** Wall-clock milliseconds, for the age of entries. */
  readonly now?: () => number;
  /** What delays run on. */
  readonly clock?: Clock;
}

/** Exact counts since the start. */
export interface LokiStats {
  readonly pushes: number;
  readonly pushesByStatus: Readonly<Record<string, number>>;
  /** Entries kept, each once. */
  readonly accepted: number;
  /** Entries that were there already. */
  readonly duplicates: number;
  readonly outOfOrder: number;
  readonly discarded: Readonly<Partial<Record<DiscardReason, number>>>;
  /** Bodies as they came, packed. */
  readonly bytesReceived: number;
}

/** A running fake Loki. */
export interface FakeLoki extends AsyncDisposable {
  /** The base URL, `http://127.0.0.1:<port>`. */
  readonly url: string;
  /** Every stream, its entries in the order in which they came. */
  readonly streams: readonly StoredStream[];
  stats(): LokiStats;
  /** For every push from now on, or for the next ones, after which it accepts. */
  setScript(script: LokiScript | readonly LokiScript[]): void;
  /** Destroys every connection and refuses new ones, until `start()` opens the same port again. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Ends it for good. */
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
}

const PUSH_PATH = '/loki/api/v1/push';

class StrictLoki extends RestartableServer implements FakeLoki {
  readonly #options: FakeLokiOptions;
  readonly #limits: LokiLimits;
  readonly #store: LokiStore;
  readonly #rate: IngestionRate;
  readonly #statuses: Record<string, number> = {};
  #script: LokiScript | readonly LokiScript[] = [];
  #pushes = 0;
  #bytesReceived = 0;

  constructor(options: FakeLokiOptions) {
    super(options.port);
    this.#options = options;
    this.#limits = { ...LOKI_LIMITS, ...options.limits };
    this.#store = new LokiStore(this.#limits);
    this.#rate = new IngestionRate(this.#limits.bytesPerSecond);
  }

  get streams(): readonly StoredStream[] {
    return this.#store.streams;
  }

  stats(): LokiStats {
    const { accepted, duplicates, outOfOrder } = this.#store;
    return {
      pushes: this.#pushes,
      pushesByStatus: { ...this.#statuses },
      accepted,
      duplicates,
      outOfOrder,
      discarded: this.#store.discarded(),
      bytesReceived: this.#bytesReceived,
    };
  }

  setScript(script: LokiScript | readonly LokiScript[]): void {
    this.#script = script;
  }

  #nextScript(): LokiScript {
    if (!Array.isArray(this.#script)) return this.#script as LokiScript;
    const [next, ...rest] = this.#script as readonly LokiScript[];
    this.#script = rest;
    return next ?? { kind: 'accept' };
  }

  protected override async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url = '' } = request;
    if (url !== PUSH_PATH || method !== 'POST') {
      response.writeHead(url === PUSH_PATH ? 405 : 404).end();
      return;
    }
    this.#pushes += 1;
    const script = this.#nextScript();
    try {
      const chunks: Buffer[] = [];
      let length = 0;
      for await (const chunk of request as AsyncIterable<Buffer>) {
        chunks.push(chunk);
        length += chunk.length;
        if (script.kind === 'resetInBody' && length >= script.afterBytes) request.socket.resetAndDestroy();
      }
      this.#bytesReceived += length;
      await this.#play(script, request, Buffer.concat(chunks), response);
    } catch {
      // the client has left
    }
  }

  async #play(
    script: LokiScript,
    request: IncomingMessage,
    body: Buffer,
    response: ServerResponse,
  ): Promise<void> {
    switch (script.kind) {
      case 'accept': {
        const { delayMs } = script;
        const { clock = systemClock } = this.#options;
        if (delayMs !== undefined) await new Promise<void>((resolve) => clock.setTimeout(resolve, delayMs));
        this.#answer(response, this.#take(request, body));
        return;
      }
      case 'reply':
        if (script.stores === true) this.#take(request, body);
        this.#answer(response, script);
        return;
      case 'hang':
        if (script.stores === true) this.#take(request, body);
        return;
      case 'reset':
        if (script.stores === true) this.#take(request, body);
        request.socket.resetAndDestroy();
        return;
      case 'resetInBody':
        request.socket.resetAndDestroy();
        return;
      default:
        return script satisfies never;
    }
  }

  #answer(response: ServerResponse, { status, headers = {}, body = '' }: Answer): void {
    this.#statuses[status] = (this.#statuses[status] ?? 0) + 1;
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', ...headers }).end(body);
  }

  #take(request: IncomingMessage, body: Buffer): Answer {
    const refusal = this.#refusal(request);
    if (refusal !== null) return refusal;
    try {
      return this.#push(
        String(request.headers['x-scope-orgid'] ?? 'fake'),
        readPush(unpack(body, request.headers['content-encoding'] ?? '', this.#limits.maxBodyBytes)),
      );
    } catch (error) {
      if (error instanceof PushError) return { status: 400, body: error.message };
      throw error;
    }
  }

  #refusal({ headers }: IncomingMessage): Answer | null {
    const { basicAuth, needsTenant } = this.#options;
    if (basicAuth !== undefined) {
      const expected = `Basic ${Buffer.from(basicAuth).toString('base64')}`;
      if (headers.authorization !== expected) return { status: 401, body: 'unauthorized' };
    }
    if (needsTenant === true && headers['x-scope-orgid'] === undefined)
      return { status: 401, body: 'no org id' };
    if (!/^application\/json\b/.test(headers['content-type'] ?? '')) {
      return { status: 400, body: 'snappy: corrupt input' };
    }
    return null;
  }

  #push(tenant: string, streams: readonly PushedStream[]): Answer {
    if (streams.length === 0) return { status: 422, body: 'error at least one valid stream is required' };
    const nowMs = this.#options.now?.() ?? Date.now();
    if (!this.#rate.takes(pushedBytes(streams), nowMs))
      return { status: 429, body: 'Ingestion rate limit exceeded' };
    const { accepted, discarded, reason } = this.#store.push(tenant, streams, nowMs);
    if (reason === null) return { status: 204 };
    return { status: 400, body: `${reason}, total ignored: ${discarded} out of ${accepted + discarded}` };
  }
}

/** Starts a Loki on loopback that takes what Loki 3 takes and refuses what it refuses, entry by entry. */
export async function startFakeLoki(options: FakeLokiOptions = {}): Promise<FakeLoki> {
  const loki = new StrictLoki(options);
  await loki.start();
  return loki;
}
