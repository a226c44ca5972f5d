import type { Attempt, OpenAttempt } from './attempt.ts';
import type { Exchange } from './exchange.ts';
import type { ProviderRequest } from './read-openai-request.ts';
import { toEndpoint } from './read-openai-request.ts';

/** True: whole attempts. `summary`: without headers, bodies and texts. False: only the counts of `stats()`. */
export type LogDepth = boolean | 'summary';

/** Exact counts over every finished attempt on the inference endpoints, whatever the log's depth. */
export interface ModelStats {
  readonly attempts: number;
  readonly complete: number;
  /** Sums of the non-negative whole figures that were really sent. */
  readonly promptTokens: number;
  readonly completionTokens: number;
}

/** The provider's counts since its start or the last `clear()`. */
export interface ProviderStats {
  /** Requests received, refused ones and the models list included. */
  readonly requests: number;
  /** Bytes that were no HTTP request: answered 400, connection closed, not in the log. */
  readonly malformed: number;
  /** Finished attempts by endpoint path kind, end, status and model. */
  readonly byEndpoint: Readonly<Record<string, number>>;
  readonly byEnd: Readonly<Record<string, number>>;
  readonly byStatus: Readonly<Record<string, number>>;
  readonly byScript: Readonly<Record<string, number>>;
  readonly byModel: Readonly<Record<string, ModelStats>>;
  readonly inFlight: number;
  readonly maxInFlight: number;
  /** Bytes of all finished attempts. */
  readonly bytesSent: number;
  /** Connections accepted since the start, never cleared, and those open now. */
  readonly connections: number;
  readonly openConnections: number;
}

type OpenModelStats = { -readonly [Key in keyof ModelStats]: ModelStats[Key] };
type Counts = Record<string, number>;

const NO_BODY = Buffer.alloc(0);
const NOTHING: Readonly<Record<string, never>> = Object.freeze({});

function count(counts: Counts, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}

function tokens(usage: unknown, name: string): number {
  if (typeof usage !== 'object' || usage === null) return 0;
  const value = (usage as Readonly<Record<string, unknown>>)[name];
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}

/** Keeps what the provider received and sent. */
export class AttemptLog {
  readonly #depth: LogDepth;
  #attempts: OpenAttempt[] = [];
  #number = 0;
  #requests = 0;
  #malformed = 0;
  #inFlight = 0;
  #maxInFlight = 0;
  #bytesSent = 0;
  #byEndpoint: Counts = {};
  #byEnd: Counts = {};
  #byStatus: Counts = {};
  #byScript: Counts = {};
  #byModel: Record<string, OpenModelStats> = Object.create(null);

  constructor(depth: LogDepth) {
    this.#depth = depth;
  }

  get keepsText(): boolean {
    return this.#depth === true;
  }

  get all(): readonly Attempt[] {
    return this.#attempts;
  }

  clear(): void {
    this.#attempts = [];
    this.#requests = 0;
    this.#malformed = 0;
    this.#maxInFlight = this.#inFlight;
    this.#bytesSent = 0;
    this.#byEndpoint = {};
    this.#byEnd = {};
    this.#byStatus = {};
    this.#byScript = {};
    this.#byModel = Object.create(null);
  }

  countMalformed(): void {
    this.#malformed += 1;
  }

  open(exchange: Exchange, request: ProviderRequest | null, script: string): OpenAttempt {
    this.#number += 1;
    this.#requests += 1;
    this.#inFlight += 1;
    this.#maxInFlight = Math.max(this.#maxInFlight, this.#inFlight);
    const attempt = toAttempt(exchange, request, script, this.#number, this.#depth === true);
    if (this.#depth !== false) this.#attempts.push(attempt);
    return attempt;
  }

  close(attempt: OpenAttempt, endedAtMs: number): void {
    attempt.endedAtMs = endedAtMs;
    this.#inFlight -= 1;
    this.#bytesSent += attempt.bytesSent;
    count(this.#byEndpoint, attempt.endpoint ?? 'unknown');
    count(this.#byEnd, attempt.end);
    count(this.#byStatus, String(attempt.status));
    count(this.#byScript, attempt.script);
    if (attempt.model !== '') this.#countModel(attempt);
  }

  stats(connections: number, openConnections: number): ProviderStats {
    const byModel = Object.entries(this.#byModel).map(([model, stats]) => [model, { ...stats }]);
    return {
      requests: this.#requests,
      malformed: this.#malformed,
      byEndpoint: { ...this.#byEndpoint },
      byEnd: { ...this.#byEnd },
      byStatus: { ...this.#byStatus },
      byScript: { ...this.#byScript },
      byModel: Object.fromEntries(byModel),
      inFlight: this.#inFlight,
      maxInFlight: this.#maxInFlight,
      bytesSent: this.#bytesSent,
      connections,
      openConnections,
    };
  }

  #countModel(attempt: OpenAttempt): void {
    const stats = this.#byModel[attempt.model] ?? {
      attempts: 0,
      complete: 0,
      promptTokens: 0,
      completionTokens: 0,
    };
    this.#byModel[attempt.model] = stats;
    stats.attempts += 1;
    if (attempt.end === 'complete') stats.complete += 1;
    stats.promptTokens += tokens(attempt.usageSent, 'prompt_tokens');
    stats.completionTokens += tokens(attempt.usageSent, 'completion_tokens');
  }
}

function toAttempt(
  exchange: Exchange,
  request: ProviderRequest | null,
  script: string,
  number: number,
  isFull: boolean,
): OpenAttempt {
  const { request: http } = exchange;
  return {
    number,
    connection: exchange.connection,
    numberOnConnection: exchange.numberOnConnection,
    receivedAtMs: exchange.clock.now(),
    receivedAtEpochMs: Date.now(),
    method: http.method,
    path: http.path,
    endpoint: request?.endpoint ?? toEndpoint(http.path),
    model: request?.model ?? '',
    stream: request?.stream ?? false,
    headers: isFull ? http.headers : NOTHING,
    body: isFull ? http.body : NO_BODY,
    json: isFull && request !== null ? request.json : NOTHING,
    script,
    status: null,
    bytesSent: 0,
    eventsSent: 0,
    piecesSent: 0,
    textSent: '',
    usageSent: undefined,
    blockedSinceMs: null,
    end: 'pending',
    endedAtMs: null,
    clientClosedAtMs: null,
  };
}
