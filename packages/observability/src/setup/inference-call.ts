import { type Admission, OUTCOMES, type Outcome, verdictOf } from '@gatewayz/provider-health';
import type { StreamEnd } from '../inference-metrics.ts';
import type { ModuleErrors } from './module-errors.ts';
import type { ProviderCallTimes } from './provider-call-times.ts';
import type { Target } from './provider-pool.ts';

/** Tokens as the provider reports them. */
export interface InferenceUsage {
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
}

/** How an inference ended. */
export interface InferenceEnd {
  readonly outcome: Outcome;
  readonly usage?: InferenceUsage | null | undefined;
  readonly costUsd?: number | null | undefined;
  readonly credits?: number | null | undefined;
  /** How a stream ended for the client; told from the outcome where it is left out. */
  readonly streamEnd?: StreamEnd | undefined;
  /** How long a provider wants to be left alone that answered 429, or refused the key, in milliseconds. */
  readonly retryAfterMs?: number | null | undefined;
}

/**
 * One call of a provider for one request, from now on. Call what happens; `end` once, in the end. Nothing throws.
 */
export interface InferenceCall {
  /** The first byte of the answer's body is there. */
  firstByte(): void;
  /** The first chunk of a stream goes to the client. */
  firstChunk(): void;
  /** A chunk of a stream goes to the client; the first one is the first chunk. */
  chunk(): void;
  /** Ends the call, and with it the request; false, and without effect, where it has ended before. */
  end(end: InferenceEnd): boolean;
  /** Ends the call as failed and begins one at another target, for the same request. */
  failOver(outcome: Outcome, to: { readonly provider: string; readonly model: string }): InferenceCall;
}

/** What all calls of one application share. */
export interface InferenceParts {
  readonly errors: ModuleErrors;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  target(provider: unknown, model: unknown): Target;
  failedOver(model: string, from: string, to: string, reason: Outcome): void;
}

/** A request of a client, as far as its calls of providers need it. */
export interface InferenceRequest {
  readonly endpoint: string;
  readonly startedAt: number;
  readonly times: ProviderCallTimes | null;
}

/** How long a target rests that limits requests, or refuses the key, without saying for how long. */
const RATE_LIMITED_MS = 5000;
const CREDENTIALS_MS = 60_000;

/** Begins a call; its place in a half-open breaker is taken here. */
export function beginInferenceCall(
  parts: InferenceParts,
  request: InferenceRequest,
  target: Target,
): InferenceCall {
  return new Call(parts, request, target);
}

class Call implements InferenceCall {
  readonly #parts: InferenceParts;
  readonly #request: InferenceRequest;
  readonly #target: Target;
  readonly #admission: Admission;
  readonly #startedAt: number;
  #firstByteAt = 0;
  #firstChunkAt = 0;
  #lastChunkAt = 0;
  #chunks = 0;
  #hasEnded = false;

  constructor(parts: InferenceParts, request: InferenceRequest, target: Target) {
    this.#parts = parts;
    this.#request = request;
    this.#target = target;
    this.#startedAt = parts.now();
    this.#admission = target.health.admit(this.#startedAt);
    request.times?.begin(this.#startedAt);
  }

  firstByte(): void {
    if (this.#firstByteAt === 0) this.#firstByteAt = this.#parts.now();
  }

  firstChunk(): void {
    if (this.#firstChunkAt === 0) this.chunk();
  }

  chunk(): void {
    if (this.#hasEnded) return;
    const now = this.#parts.now();
    if (this.#firstByteAt === 0) this.#firstByteAt = now;
    if (this.#firstChunkAt === 0) {
      this.#firstChunkAt = now;
      this.#request.times?.chunk(now);
    }
    this.#lastChunkAt = now;
    this.#chunks += 1;
  }

  end(end: InferenceEnd): boolean {
    if (!this.#mayEnd()) return false;
    try {
      const endedAt = this.#parts.now();
      const outcome = this.#readOutcome(end.outcome);
      this.#endAttempt(outcome, end.retryAfterMs ?? null, endedAt);
      this.#countRequest(outcome, end, endedAt);
      this.#countStream(outcome, end.streamEnd);
    } catch (error) {
      this.#parts.errors.note('inference', error);
    }
    return true;
  }

  failOver(outcome: Outcome, to: { readonly provider: string; readonly model: string }): InferenceCall {
    const next = this.#parts.target(to?.provider, to?.model);
    if (this.#mayEnd()) this.#giveUp(outcome, next);
    return new Call(this.#parts, this.#request, next);
  }

  #giveUp(outcome: Outcome, next: Target): void {
    const { errors, failedOver, now } = this.#parts;
    try {
      const reason = this.#readOutcome(outcome);
      this.#endAttempt(reason, null, now());
      failedOver(this.#target.model, this.#target.provider.name, next.provider.name, reason);
    } catch (error) {
      errors.note('inference', error);
    }
  }

  #mayEnd(): boolean {
    if (this.#hasEnded) {
      const { name } = this.#target.provider;
      this.#parts.errors.note('ended_twice', new Error(`an inference at ${name} was ended twice`));
      return false;
    }
    this.#hasEnded = true;
    return true;
  }

  #readOutcome(outcome: Outcome): Outcome {
    if (OUTCOMES.includes(outcome)) return outcome;
    this.#parts.errors.note('inference', new TypeError(`there is no outcome ${String(outcome)}`));
    return 'gateway';
  }

  /** The breaker's state is the one in which the attempt was judged, so before its sample. */
  #endAttempt(outcome: Outcome, retryAfterMs: number | null, endedAt: number): void {
    const { provider, health, metrics, model } = this.#target;
    const responseMs = (this.#firstChunkAt || endedAt) - this.#startedAt;
    this.#request.times?.end(endedAt);
    metrics.attempts[outcome].inc();
    const verdict = verdictOf(outcome);
    if (verdict !== 'neutral') {
      provider.metrics.judged(verdict, provider.health.breaker.visibleState(endedAt));
      provider.metrics.responded(responseMs / 1000);
      provider.metrics.slow(model, (endedAt - this.#startedAt) / 1000);
    }
    health.record(this.#admission, outcome, responseMs, endedAt);
    provider.hour.record(outcome, endedAt);
    if (outcome === 'rate_limited') health.coolOff(retryAfterMs ?? RATE_LIMITED_MS, outcome, endedAt);
    if (outcome === 'credentials') {
      provider.health.coolOff(retryAfterMs ?? CREDENTIALS_MS, outcome, endedAt);
    }
  }

  #countRequest(outcome: Outcome, { usage, costUsd, credits }: InferenceEnd, endedAt: number): void {
    const { metrics, cost } = this.#target;
    (outcome === 'success' ? metrics.succeeded : metrics.failed).inc();
    metrics.duration.observe((endedAt - this.#request.startedAt) / 1000);
    if (this.#firstByteAt > 0) {
      const seconds = (this.#firstByteAt - this.#startedAt) / 1000;
      metrics.endpoint(this.#request.endpoint).timeToFirstByte.observe(seconds);
    }
    if (isAmount(usage?.inputTokens)) metrics.inputTokens.inc(usage.inputTokens);
    if (isAmount(usage?.outputTokens)) metrics.outputTokens.inc(usage.outputTokens);
    if (isAmount(costUsd)) cost(costUsd);
    if (isAmount(credits)) metrics.credits(credits);
  }

  #countStream(outcome: Outcome, told: StreamEnd | undefined): void {
    if (this.#chunks === 0) return;
    const { metrics } = this.#target;
    const seconds = (this.#lastChunkAt - this.#firstChunkAt) / 1000;
    metrics.streams[told ?? streamEndOf(outcome)]?.inc();
    metrics.timeToFirstChunk.observe((this.#firstChunkAt - this.#request.startedAt) / 1000);
    metrics.endpoint(this.#request.endpoint).streamingDuration.observe(seconds);
    if (this.#chunks > 1) metrics.timePerOutputChunk.observe(seconds / (this.#chunks - 1));
  }
}

function streamEndOf(outcome: Outcome): StreamEnd {
  if (outcome === 'success') return 'complete';
  if (outcome === 'client_closed') return 'client_closed';
  return outcome === 'timeout' ? 'stalled' : 'truncated';
}

/** What a provider reports may be anything. */
function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
