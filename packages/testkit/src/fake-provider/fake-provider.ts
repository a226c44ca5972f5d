import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import type { Clock } from '../clock/clock.ts';
import { systemClock } from '../clock/clock.ts';
import type { Attempt, OpenAttempt } from './attempt.ts';
import type { LogDepth, ProviderStats } from './attempt-log.ts';
import { AttemptLog } from './attempt-log.ts';
import type { Exchange } from './exchange.ts';
import { playScript } from './play-script.ts';
import { ProviderConnection } from './provider-connection.ts';
import type { ProviderRequest } from './read-openai-request.ts';
import { readOpenaiRequest } from './read-openai-request.ts';
import type { Reply } from './reply.ts';
import { toJsonReply, toRefusalReply } from './reply.ts';
import type { Script, ScriptSource } from './script.ts';
import { ScriptChoice } from './script-choice.ts';

export interface FakeProviderOptions {
  /** Scripts by the request's `model`, or by the name in the script header. */
  readonly models?: Readonly<Record<string, ScriptSource>>;
  /** For every other model; default a plain answer. A function here sees all of them. */
  readonly byDefault?: ScriptSource;
  /** Header that names an entry of `models` to play; default `x-fake-script`. */
  readonly scriptHeader?: string;
  /** When given, any other key is answered 401. */
  readonly expectedKeys?: readonly string[];
  /** What `GET /v1/models` lists; default the names in `models`. */
  readonly modelList?: readonly string[];
  /** Plays instead of the list. */
  readonly modelsScript?: Script;
  /** Default true. */
  readonly keepLog?: LogDepth;
  /** Default a free one. */
  readonly port?: number;
  readonly clock?: Clock;
}

/** A running fake provider. */
export interface FakeProvider {
  /** The base URL, `http://127.0.0.1:<port>/v1`. */
  readonly url: string;
  readonly port: number;
  /** Every request received, in order, the models list and refused ones included; entries fill in as they run. */
  readonly log: readonly Attempt[];
  /** The log's chat, completion and embedding requests, of one model if named. */
  attempts(model?: string): readonly Attempt[];
  stats(): ProviderStats;
  /** Empties the log and the counts; attempts that are running are counted when they end. */
  clear(): void;
  /** Sets a model's script and starts its count of attempts anew. */
  setScript(model: string, source: ScriptSource): void;
  setDefault(source: ScriptSource): void;
  /** Null: the list again. */
  setModelsScript(script: Script | null): void;
  setModelList(models: readonly string[]): void;
  /** Destroys every connection and refuses new ones, until `start()` opens the same port again. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Ends it for good. */
  close(): Promise<void>;
}

class ScriptedProvider implements FakeProvider {
  readonly #options: FakeProviderOptions;
  readonly #clock: Clock;
  readonly #choice: ScriptChoice;
  readonly #attemptLog: AttemptLog;
  readonly #connections = new Set<ProviderConnection>();
  #server: Server | null = null;
  #port: number;
  #accepted = 0;
  #isStopping = false;
  #modelsScript: Script | null;
  #modelList: readonly string[] | null;

  constructor(options: FakeProviderOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#port = options.port ?? 0;
    this.#modelsScript = options.modelsScript ?? null;
    this.#modelList = options.modelList ?? null;
    this.#attemptLog = new AttemptLog(options.keepLog ?? true);
    this.#choice = new ScriptChoice({
      models: options.models ?? {},
      byDefault: options.byDefault ?? { kind: 'answer' },
      header: (options.scriptHeader ?? 'x-fake-script').toLowerCase(),
    });
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/v1`;
  }

  get log(): readonly Attempt[] {
    return this.#attemptLog.all;
  }

  attempts(model?: string): readonly Attempt[] {
    return this.log.filter(
      ({ endpoint, model: own }) =>
        endpoint !== null && endpoint !== 'models' && (model === undefined || own === model),
    );
  }

  stats(): ProviderStats {
    return this.#attemptLog.stats(this.#accepted, this.#connections.size);
  }

  clear(): void {
    this.#attemptLog.clear();
  }

  setScript(model: string, source: ScriptSource): void {
    this.#choice.setModel(model, source);
  }

  setDefault(source: ScriptSource): void {
    this.#choice.setDefault(source);
  }

  setModelsScript(script: Script | null): void {
    this.#modelsScript = script;
  }

  setModelList(models: readonly string[]): void {
    this.#modelList = models;
  }

  async start(): Promise<void> {
    if (this.#server !== null) return;
    this.#isStopping = false;
    const server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    this.#server = null;
    this.#isStopping = true;
    const closed = once(server, 'close');
    server.close();
    for (const connection of this.#connections) connection.destroy();
    await closed;
  }

  close(): Promise<void> {
    return this.stop();
  }

  #accept(socket: Socket): void {
    this.#accepted += 1;
    const connection = new ProviderConnection(socket, this.#clock, this.#accepted, {
      onExchange: (exchange) => this.#answer(exchange),
      onMalformed: (error) => {
        this.#attemptLog.countMalformed();
        refuseMalformed(error, socket);
      },
      onClose: () => this.#connections.delete(connection),
    });
    this.#connections.add(connection);
  }

  async #answer(exchange: Exchange): Promise<boolean> {
    const reading = readOpenaiRequest(exchange.request, this.#options.expectedKeys ?? []);
    if (!reading.ok) {
      const attempt = this.#attemptLog.open(exchange, null, 'refused');
      return this.#run(exchange, attempt, toRefusalReply(reading.refusal));
    }
    const { request } = reading;
    const script = request.endpoint === 'models' ? this.#modelsScript : this.#choice.choose(request);
    const attempt = this.#attemptLog.open(exchange, request, script?.name ?? script?.kind ?? 'models');
    return this.#run(exchange, attempt, script === null ? this.#toModelsReply() : { script, request });
  }

  async #run(
    exchange: Exchange,
    attempt: OpenAttempt,
    action: Reply | { readonly script: Script; readonly request: ProviderRequest },
  ): Promise<boolean> {
    const { keepsText } = this.#attemptLog;
    const outcome = await playScript(action, exchange, attempt, keepsText);
    if (outcome === 'closed') {
      if (!this.#isStopping && !exchange.isLeft) attempt.clientClosedAtMs = this.#clock.now();
      if (attempt.end === 'pending') attempt.end = this.#isStopping ? 'server_closed' : 'client_closed';
    }
    this.#attemptLog.close(attempt, this.#clock.now());
    return outcome === 'keep';
  }

  #toModelsReply(): Reply {
    const names = this.#modelList ?? this.#choice.models;
    const data = names.map((id) => ({ id, object: 'model', created: 1_700_000_000, owned_by: 'fake' }));
    return toJsonReply({ object: 'list', data });
  }
}

function refuseMalformed(error: unknown, socket: Socket): void {
  const message = error instanceof Error ? error.message : String(error);
  const body = JSON.stringify({ error: { message, type: 'invalid_request_error', param: null, code: null } });
  const head = 'HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nconnection: close\r\n';
  socket.end(`${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

/** Starts a fake OpenAI-compatible provider on loopback, scripted per request down to the byte and the socket. */
export async function startFakeProvider(options: FakeProviderOptions = {}): Promise<FakeProvider> {
  const provider = new ScriptedProvider(options);
  await provider.start();
  return provider;
}
