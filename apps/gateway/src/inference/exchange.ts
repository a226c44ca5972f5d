import type { ServerResponse } from 'node:http';
import type { StreamEnd } from '@gatewayz/observability';
import type { TokenUsage } from '@gatewayz/pricing';
import type { Outcome } from '@gatewayz/provider-health';
import type { Trace } from '@gatewayz/telemetry';
import type { Billing } from '../billing/billing.ts';
import type { Signals } from '../events.ts';
import type { ApiErrorDetails } from '../http/api-error.ts';
import type { LimitLease } from '../limits/limits.ts';
import type { Route } from '../providers/catalogue.ts';
import type { CachedAnswer } from '../response-cache/cached-answer.ts';
import type { ResponseCache } from '../response-cache/response-cache.ts';
import { type Candidate, describeCandidates } from '../routing/describe-candidates.ts';
import { opensInMs } from '../routing/opens-in.ts';
import type { Pick } from '../routing/router.ts';
import { type RequestWait, toRedisWait } from '../telemetry/request-waits.ts';
import { Attempt, type AttemptOwner, type AttemptRules } from './attempt.ts';
import type { Caller } from './caller.ts';
import { ClientAnswer, type ClientAnswerOwner } from './client-answer.ts';
import { planContinuation } from './continuation-plan.ts';
import type { Endpoint } from './endpoint.ts';
import { type TraceRules, toAnswerHeaders, toProviderHeaders } from './exchange-headers.ts';
import type { Failure } from './failure.ts';
import { noTargetError, toApiError } from './failure-to-api-error.ts';
import { endsWithAssistant, type InferenceRequest } from './inference-request.ts';
import { Payment } from './payment.ts';
import { toProviderBody } from './provider-body.ts';
import { planNextStep, type RetryRules } from './retry-plan.ts';
import { StreamedAnswer, type StreamedAnswerOwner } from './streamed-answer.ts';
import { watchClient } from './watch-client.ts';

/** What every exchange shares. */
export interface ExchangeRules extends AttemptRules, RetryRules, TraceRules {
  /** Whether streams that break off may be continued at all. */
  readonly continuation: boolean;
  readonly billing: Billing;
  /** Null where no answer is kept. */
  readonly cache: ResponseCache | null;
  readonly signals: Signals;
  /** Hears of errors that nothing expected, with the id of the request. */
  readonly onUnexpected: (error: unknown, requestId: string) => void;
}

/** When a request reached each of its stages, by `performance.now()`. */
export interface ArrivalTimes {
  readonly receivedAt: number;
  readonly authenticatedAt: number;
  readonly bodyReadAt: number;
  readonly parsedAt: number;
}

/** A request that has been read, and where its answer goes. */
export interface Arrival {
  readonly endpoint: Endpoint;
  readonly route: Route;
  readonly request: InferenceRequest;
  readonly response: ServerResponse;
  readonly id: string;
  readonly caller: Caller;
  /** Null where there is no tracing. */
  readonly trace: Trace | null;
  /** Its place within the limits of its key. */
  readonly lease: LimitLease;
  /** Under which its answer may be kept; null where it may not. */
  readonly cacheKey: string | null;
  readonly times: ArrivalTimes;
  /** What it waited for before it began; absent for nothing. */
  readonly waits?: readonly RequestWait[];
}

/** One request of a client: its attempts, one after the other, and its one answer. */
export class Exchange implements AttemptOwner, StreamedAnswerOwner, ClientAnswerOwner {
  readonly arrival: Arrival;
  readonly endpoint: Endpoint;
  readonly wantsStream: boolean;
  readonly deadlineAt: number;
  /** Null for plain requests. */
  readonly stream: StreamedAnswer | null;
  readonly attempts: Attempt[] = [];
  /** How the targets stood when the first was picked. */
  candidates: readonly Candidate[] = [];
  firstCallAt = 0;
  endedAt = 0;
  /** Time spent on waiting as a target had asked. */
  restedMs = 0;
  outcome: Outcome | null = null;
  /** How the client's stream ended; null for plain answers and for streams that never began. */
  streamEnd: StreamEnd | null = null;
  readonly payment: Payment;

  readonly #rules: ExchangeRules;
  readonly #client: ClientAnswer;
  #waiting: NodeJS.Timeout | null = null;
  /** Whether the client left while the ledger was being asked. */
  #hasLeft = false;

  constructor(rules: ExchangeRules, arrival: Arrival) {
    this.#rules = rules;
    this.arrival = arrival;
    this.endpoint = arrival.endpoint;
    this.wantsStream = arrival.request.stream;
    this.deadlineAt = arrival.times.receivedAt + rules.timeouts.totalMs;
    this.payment = new Payment(rules.billing);
    this.#client = new ClientAnswer(arrival.response, arrival.id, rules.writeTimeoutMs, this);
    const isContinuable = rules.continuation && arrival.route.continuation;
    this.stream = this.wantsStream
      ? new StreamedAnswer(this, this.#client, arrival.request, rules.limits, isContinuable)
      : null;
  }

  /** Usage of the answer, as the provider that ended it reported it. */
  get usage(): TokenUsage | null {
    return this.stream?.usage ?? this.#current?.answer?.usage ?? null;
  }

  get finishReasons(): readonly string[] {
    return this.stream?.finishReasons ?? this.#current?.answer?.finishReasons ?? [];
  }

  /** Begins the first attempt. The exchange ends by itself, with `requestEnded` as its last act. */
  start(): void {
    watchClient(this.arrival.response, this);
    this.#guard(() => {
      this.payment.admit(this, (refusal) => this.#guard(() => this.#admitted(refusal)));
    });
  }

  #admitted(refusal: ApiErrorDetails | null): void {
    if (this.#hasLeft) {
      this.#end('client_closed');
    } else if (refusal === null) {
      this.#begin();
    } else {
      this.#client.refuse(refusal, this.answerHeaders());
      this.#end(refusal.status < 500 ? 'caller' : 'gateway');
    }
  }

  #begin(): void {
    this.#rules.budget.deposit();
    const now = performance.now();
    this.firstCallAt = now;
    this.candidates = describeCandidates(this.arrival.route, now);
    const pick = this.#rules.router.pick(this.arrival.route, this.attempts, now);
    if (pick === null) this.#refuse();
    else this.#attempt(pick);
  }

  /** The client's connection closed. */
  clientClosed(): void {
    if (this.outcome !== null) return;
    if (this.payment.isPending) {
      this.#hasLeft = true;
    } else if (this.#waiting === null) {
      this.#current?.cancel('the client left');
    } else {
      clearTimeout(this.#waiting);
      this.#end('client_closed');
    }
  }

  /** The client takes no more for now. */
  clientFull(): void {
    if (this.outcome === null) this.#current?.pause();
  }

  /** The client takes more again. */
  clientDrained(): void {
    if (this.outcome === null) this.#current?.resume();
  }

  clientStalled(attempt: Attempt): void {
    attempt.cancel('the client did not read its answer');
    this.#client.abandon();
  }

  eventDropped(): void {
    const target = this.#current?.target;
    if (target !== undefined) this.#rules.signals.eventDropped(target);
  }

  attemptEnded(attempt: Attempt): void {
    this.#guard(() => {
      this.#rules.signals.attemptEnded(attempt);
      const { failure } = attempt;
      if (failure === null) this.#succeed(attempt);
      else if (this.#client.isOpen) this.#continue(attempt, failure);
      else this.#tryOn(attempt, failure);
    });
  }

  get #current(): Attempt | undefined {
    return this.attempts.at(-1);
  }

  #attempt(pick: Pick): void {
    const { target } = pick;
    const { request } = this.arrival;
    const { streamUsage } = target.provider.config.capabilities;
    const attempt = new Attempt(this, pick, this.#rules);
    this.attempts.push(attempt);
    const body = toProviderBody(request, {
      model: target.model,
      addUsage: this.wantsStream && !request.wantsUsage && streamUsage,
      prefill: this.stream?.continuing === 'prefill' ? this.stream.transcript : null,
    });
    attempt.start(body, toProviderHeaders(attempt, this.arrival.trace, this.#rules));
  }

  /** The client has seen nothing yet: another attempt may give the whole answer. */
  #tryOn(attempt: Attempt, failed: Failure): void {
    const { route } = this.arrival;
    const { attempts: tried, deadlineAt } = this;
    const step = planNextStep(this.#rules, { route, tried, failed, deadlineAt }, performance.now());
    switch (step.kind) {
      case 'attempt':
        this.#goOn(attempt, failed, step.pick);
        return;
      case 'wait':
        this.restedMs += step.forMs;
        this.#tryAgainAt(performance.now() + step.forMs, attempt, failed);
        return;
      case 'give_up':
        this.#fail(failed);
        return;
      default:
        step satisfies never;
    }
  }

  #tryAgainAt(at: number, attempt: Attempt, failed: Failure): void {
    const waitMs = Math.ceil(at - performance.now());
    // Timers count from the turn's beginning and may fire early: the target would still be resting.
    if (waitMs > 0) this.#waiting = setTimeout(() => this.#tryAgainAt(at, attempt, failed), waitMs);
    else this.#tryAgain(attempt, failed);
  }

  #tryAgain(attempt: Attempt, failed: Failure): void {
    this.#waiting = null;
    const pick = this.#rules.router.again(attempt.target, performance.now());
    if (pick === null) this.#fail(failed);
    else this.#attempt(pick);
  }

  /** The client has a part of the answer: the rest must fit to it exactly, or be missing in plain sight. */
  #continue(attempt: Attempt, failed: Failure): void {
    const { route, endpoint, request } = this.arrival;
    const { attempts: tried, deadlineAt } = this;
    const { stream } = this;
    const transcript = stream?.transcript ?? null;
    if (transcript?.isFinished === true && failed.outcome !== 'client_closed') {
      this.#finish();
      return;
    }
    const situation = { route, tried, failed, deadlineAt };
    const acceptsPrefill = endpoint.isChat && !endsWithAssistant(request);
    const next =
      stream === null || transcript === null
        ? null
        : planContinuation(
            this.#rules,
            situation,
            transcript,
            stream.continuing,
            acceptsPrefill,
            performance.now(),
          );
    if (stream === null || next === null) {
      this.#fail(failed);
      return;
    }
    stream.continuing = next.mode;
    this.#goOn(attempt, failed, next.pick);
  }

  #goOn(attempt: Attempt, failed: Failure, pick: Pick): void {
    const { target } = attempt;
    if (pick.target !== target)
      this.#rules.signals.failedOver(this.arrival, target, pick.target, failed.outcome);
    this.#attempt(pick);
  }

  #succeed(attempt: Attempt): void {
    if (this.wantsStream) {
      this.#finish();
      return;
    }
    this.#pay(() => {
      const body = attempt.answer?.body ?? Buffer.alloc(0);
      this.#client.respond(200, body, this.answerHeaders());
      const { cacheKey } = this.arrival;
      const { provider, model } = attempt.target;
      if (cacheKey !== null) this.#keep(cacheKey, { provider: provider.name, model, body });
    });
  }

  #keep(cacheKey: string, answer: CachedAnswer): void {
    const startMs = performance.now();
    const kept = this.#rules.cache?.keep(cacheKey, answer);
    if (!(kept instanceof Promise) || this.arrival.trace === null) return;
    void kept.then(() => this.#rules.signals.answerKept(this, toRedisWait('cache_put', startMs)));
  }

  #finish(): void {
    this.streamEnd = this.stream?.continuing ? 'continued' : 'complete';
    this.#pay(() => this.stream?.finish());
  }

  /** A whole answer is charged before its end goes out: who has it has paid for it, whatever happens then. */
  #pay(deliver: () => void): void {
    this.payment.settle(this, 'success', () =>
      this.#guard(() => {
        deliver();
        this.#conclude('success');
      }),
    );
    if (this.payment.isPending) this.#client.hold();
  }

  #fail(failed: Failure): void {
    if (this.#client.isOpen) {
      this.streamEnd = toStreamEnd(failed);
      if (failed.outcome !== 'client_closed') this.#client.fail(toApiError(failed));
    } else if (failed.outcome !== 'client_closed') {
      this.#client.refuse(
        toApiError(failed, opensInMs(this.arrival.route, performance.now())),
        this.answerHeaders(),
      );
    }
    this.#end(failed.outcome);
  }

  /** No target may be called at all: an operator forced every one of them open. */
  #refuse(): void {
    this.#client.refuse(noTargetError(), this.answerHeaders());
    this.#end('gateway');
  }

  /** A fault of ours must not leave the client waiting. */
  #crash(error: unknown): void {
    this.#rules.onUnexpected(error, this.arrival.id);
    if (this.outcome !== null) return;
    this.#client.abandon();
    if (this.#client.isOpen) this.streamEnd = 'truncated';
    this.#end('gateway');
  }

  #guard(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#crash(error);
    }
  }

  #end(outcome: Outcome): void {
    this.outcome = outcome;
    this.payment.settle(this, outcome, () => this.#guard(() => this.#conclude(outcome)));
  }

  #conclude(outcome: Outcome): void {
    this.outcome = outcome;
    this.endedAt = performance.now();
    this.#rules.signals.requestEnded(this);
  }

  answerHeaders(): readonly string[] {
    return toAnswerHeaders(this.arrival, this.attempts, this.#rules);
  }
}

function toStreamEnd(failed: Failure): StreamEnd {
  if (failed.outcome === 'client_closed') return 'client_closed';
  return failed.outcome === 'timeout' ? 'stalled' : 'truncated';
}
