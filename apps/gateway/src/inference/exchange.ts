import type { ServerResponse } from 'node:http';
import { reportBodyBytes, type StreamEnd } from '@gatewayz/observability';
import type { Outcome } from '@gatewayz/provider-health';
import type { RetriesConfig } from '../config/config.ts';
import type { Signals } from '../events.ts';
import { type ApiErrorDetails, toErrorBody } from '../http/api-error.ts';
import type { Route } from '../providers/catalogue.ts';
import type { Target } from '../providers/provider.ts';
import { Attempt, type AttemptOwner, type AttemptRules, type StreamReceiver } from './attempt.ts';
import { ClientStream, type ClientStreamOwner } from './client-stream.ts';
import type { Endpoint } from './endpoint.ts';
import type { Failure } from './failure.ts';
import { toApiError } from './failure-to-api-error.ts';
import type { InferenceRequest } from './inference-request.ts';
import { toProviderBody } from './provider-body.ts';
import { StreamAnswer, type StreamOutlet } from './stream-answer.ts';

/** What every exchange shares. */
export interface ExchangeRules extends AttemptRules {
  readonly retries: RetriesConfig;
  readonly signals: Signals;
}

/** When a request reached each of its stages, by `performance.now()`. */
export interface ArrivalTimes {
  readonly receivedAt: number;
  readonly authenticatedAt: number;
  readonly bodyReadAt: number;
  readonly parsedAt: number;
}

/** Up to this size copying a body is cheaper than a second write. */
const ONE_WRITE_BYTES = 16_384;

/** One request of a client: its attempts, one after the other, and its one answer. */
export class Exchange implements AttemptOwner, StreamOutlet, ClientStreamOwner {
  readonly endpoint: Endpoint;
  readonly route: Route;
  readonly id: string;
  readonly arrival: ArrivalTimes;
  readonly deadlineAt: number;
  readonly wantsStream: boolean;
  readonly client: ClientStream;
  readonly attempts: Attempt[] = [];
  readonly firstCallAt: number = performance.now();
  endedAt = 0;
  /** Parts of the answer handed to the client, and when the first and the last of them were. */
  chunks = 0;
  firstChunkAt = 0;
  lastChunkAt = 0;
  droppedEvents = 0;
  outcome: Outcome | null = null;
  /** How the client's stream ended; null for plain answers and for streams that never began. */
  streamEnd: StreamEnd | null = null;

  readonly #request: InferenceRequest;
  readonly #response: ServerResponse;
  readonly #rules: ExchangeRules;
  #streamAnswer: StreamAnswer | null = null;
  #nextTarget = 0;

  constructor(
    rules: ExchangeRules,
    endpoint: Endpoint,
    route: Route,
    request: InferenceRequest,
    response: ServerResponse,
    id: string,
    arrival: ArrivalTimes,
  ) {
    this.#rules = rules;
    this.endpoint = endpoint;
    this.route = route;
    this.#request = request;
    this.#response = response;
    this.id = id;
    this.arrival = arrival;
    this.wantsStream = request.stream;
    this.deadlineAt = arrival.receivedAt + rules.timeouts.totalMs;
    this.client = new ClientStream(response, id, this);
  }

  /** Usage of the answer, as its provider reported it. */
  get usage(): { readonly inputTokens: number; readonly outputTokens: number } | null {
    return this.#streamAnswer?.usage ?? this.attempts.at(-1)?.answer?.usage ?? null;
  }

  /** Begins the first attempt. The exchange ends by itself, with `requestEnded` as its last act. */
  start(): void {
    watch(this.#response, this);
    this.#attemptNext();
  }

  /** The client's connection closed. */
  clientClosed(): void {
    if (this.outcome !== null) return;
    this.#current?.cancel('the client left');
  }

  /** The client takes more again. */
  clientDrained(): void {
    if (this.outcome === null) this.#current?.resume();
  }

  openStream(attempt: Attempt): StreamReceiver {
    this.#streamAnswer = new StreamAnswer(this, {
      maxEventBytes: this.#rules.limits.eventBytes,
      wantsUsage: this.#request.wantsUsage,
      secret: attempt.target.provider.secret,
    });
    return this.#streamAnswer;
  }

  open(): void {
    this.client.open(this.#headers());
  }

  write(bytes: Buffer): void {
    this.client.write(bytes);
  }

  chunksPassed(count: number, now: number): void {
    if (this.chunks === 0) this.firstChunkAt = now;
    this.chunks += count;
    this.lastChunkAt = now;
  }

  /** The client takes no more for now. */
  clientFull(): void {
    if (this.outcome === null) this.#current?.pause();
  }

  eventDropped(): void {
    this.droppedEvents += 1;
  }

  clientStalled(attempt: Attempt): void {
    attempt.cancel('the client did not read its answer');
    this.#response.destroy();
  }

  attemptEnded(attempt: Attempt): void {
    this.#rules.signals.attemptEnded(attempt);
    if (attempt.failure === null) this.#succeed(attempt);
    else if (!this.#failsOver(attempt, attempt.failure)) this.#fail(attempt.failure);
  }

  get #current(): Attempt | undefined {
    return this.attempts.at(-1);
  }

  #attemptNext(): void {
    const target = this.route.targets[this.#nextTarget] as Target;
    this.#nextTarget += 1;
    const addUsage =
      this.wantsStream && !this.#request.wantsUsage && target.provider.config.capabilities.streamUsage;
    const attempt = new Attempt(this, target, this.#rules);
    this.attempts.push(attempt);
    attempt.start(toProviderBody(this.#request, target.model, addUsage));
  }

  /** Goes on with the next target where there is one and the client has seen nothing yet. */
  #failsOver(attempt: Attempt, failed: Failure): boolean {
    const next = this.route.targets[this.#nextTarget];
    if (next === undefined || this.client.isOpen || !mayTryElsewhere(failed)) return false;
    if (this.attempts.length > this.#rules.retries.attempts || performance.now() >= this.deadlineAt)
      return false;
    this.#rules.signals.failedOver(this.route, attempt.target, next, failed.outcome);
    this.#attemptNext();
    return true;
  }

  #succeed(attempt: Attempt): void {
    if (this.#streamAnswer === null) {
      this.#respond(200, attempt.answer?.body ?? Buffer.alloc(0), []);
      this.#end('success');
      return;
    }
    if (!this.client.isOpen) this.open();
    this.client.finish(!this.#streamAnswer.isDone);
    this.streamEnd = 'complete';
    this.#end('success');
  }

  #fail(failed: Failure): void {
    if (this.client.isOpen) {
      this.streamEnd = toStreamEnd(failed);
      if (failed.outcome !== 'client_closed') this.client.fail(toApiError(failed));
    } else if (failed.outcome !== 'client_closed') {
      const details = toApiError(failed);
      this.#respond(details.status, Buffer.from(toErrorBody(details, this.id)), retryAfter(details));
    }
    this.#end(failed.outcome);
  }

  #end(outcome: Outcome): void {
    this.outcome = outcome;
    this.endedAt = performance.now();
    this.#rules.signals.requestEnded(this);
  }

  #respond(status: number, body: Buffer, more: readonly string[]): void {
    const headers = ['content-type', 'application/json', 'content-length', String(body.length)];
    reportBodyBytes(this.#response, body.length);
    this.#response.writeHead(status, [...headers, ...this.#headers(), ...more]);
    // A Latin-1 string holds the same bytes, and leaves with the headers in one write.
    if (body.length <= ONE_WRITE_BYTES) this.#response.end(body.toString('latin1'), 'latin1');
    else this.#response.end(body);
  }

  #headers(): string[] {
    const target = this.#current?.target;
    return [
      'x-request-id',
      this.id,
      'x-gatewayz-provider',
      target?.provider.name ?? '',
      'x-gatewayz-model',
      target?.model ?? '',
      'x-gatewayz-attempts',
      String(this.attempts.length),
    ];
  }
}

/** The caller's own mistakes stay with the caller, but another target may know the model or hold a longer context. */
function mayTryElsewhere(failed: Failure): boolean {
  if (failed.outcome === 'client_closed' || failed.outcome === 'gateway') return false;
  if (failed.outcome !== 'caller') return true;
  return failed.status === 404 || failed.status === 413 || failed.said?.code === 'context_length_exceeded';
}

function toStreamEnd(failed: Failure): StreamEnd {
  if (failed.outcome === 'client_closed') return 'client_closed';
  return failed.outcome === 'timeout' ? 'stalled' : 'truncated';
}

function retryAfter(details: ApiErrorDetails): readonly string[] {
  const seconds = details.retryAfterSeconds ?? null;
  return seconds === null ? [] : ['retry-after', String(seconds)];
}

const exchangeOf: unique symbol = Symbol('gatewayz.exchange');
type WatchedResponse = ServerResponse & { [exchangeOf]?: Exchange };

/** Ties an exchange to its response without a closure a request. */
function watch(response: ServerResponse, exchange: Exchange): void {
  (response as WatchedResponse)[exchangeOf] = exchange;
  response.on('close', onClose);
  if (exchange.wantsStream) response.on('drain', onDrain);
}

function onClose(this: WatchedResponse): void {
  this[exchangeOf]?.clientClosed();
}

function onDrain(this: WatchedResponse): void {
  this[exchangeOf]?.clientDrained();
}
