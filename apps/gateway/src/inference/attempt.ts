import type { AnswerLimits, TimeoutsConfig } from '@gatewayz/config';
import { classifyError, type Outcome, type TimeoutPhase, timeoutPhaseOf } from '@gatewayz/provider-health';
import type { Dispatcher } from 'undici';
import type { Target } from '../providers/provider.ts';
import type { Pick } from '../routing/router.ts';
import {
  type AttemptState,
  DRAINING,
  ENDED,
  type Headers,
  type StreamProgress,
  type StreamReceiver,
  stateDeadlineAt,
  WAITING,
} from './attempt-state.ts';
import { ClientPauses } from './client-pauses.ts';
import { CollectedBody } from './collected-body.ts';
import { type DeadlineOwner, DeadlineTimer } from './deadline-timer.ts';
import type { Endpoint } from './endpoint.ts';
import { type Failure, failure } from './failure.ts';
import { type Answer, decodeBody, readAnswer } from './read-answer.ts';
import { readProviderError } from './read-provider-error.ts';

/** Who makes attempts: is told of each one's end exactly once. */
export interface AttemptOwner {
  readonly endpoint: Endpoint;
  /** Takes the stream of a target; null where a plain answer is wanted. */
  readonly stream: { receive(target: Target): StreamReceiver } | null;
  /** When the whole request must have ended, by `performance.now()`. */
  readonly deadlineAt: number;
  attemptEnded(attempt: Attempt): void;
  /** The client has not read for too long. */
  clientStalled(attempt: Attempt): void;
}

/** What attempts need to know of the configuration. */
export interface AttemptRules {
  readonly timeouts: TimeoutsConfig;
  readonly limits: AnswerLimits;
  readonly writeTimeoutMs: number;
}

const MAX_REFUSAL_BYTES = 65_536;
const CANCELLED = new Error('The attempt was cancelled.');

/** One call of one target, from its dispatch to its outcome. Times are those of `performance.now()`. */
export class Attempt implements Dispatcher.DispatchHandler, DeadlineOwner {
  readonly target: Target;
  readonly pick: Pick;
  readonly startedAt: number = performance.now();
  firstByteAt = 0;
  endedAt = 0;
  outcome: Outcome | null = null;
  failure: Failure | null = null;
  answer: Answer | null = null;
  /** Of the span that a provider is told of; empty where it is told of none. */
  spanId = '';

  readonly #owner: AttemptOwner;
  readonly #rules: AttemptRules;
  readonly #timer: DeadlineTimer;
  #state: AttemptState = WAITING;
  #controller: Dispatcher.DispatchController | null = null;
  /** The last whole event of a stream, or read of a plain answer; 0 before the first. */
  #lastReadAt = 0;
  readonly #pauses = new ClientPauses();

  constructor(owner: AttemptOwner, pick: Pick, rules: AttemptRules) {
    this.#owner = owner;
    this.pick = pick;
    this.target = pick.target;
    this.#rules = rules;
    // No deadline is set closer than the idle one but those that are armed for.
    this.#timer = new DeadlineTimer(this, rules.timeouts.idleMs);
  }

  /** How long the target took to answer: to its first byte for a stream, to its end else. */
  get responseMs(): number {
    const isStreamed = this.#owner.stream !== null && this.outcome === 'success' && this.firstByteAt > 0;
    return (isStreamed ? this.firstByteAt : this.endedAt) - this.startedAt;
  }

  /** Calls the target. Every way that this can go ends in `attemptEnded`. */
  start(body: Buffer, headers: readonly string[] = this.target.provider.headers): void {
    const { provider } = this.target;
    const path = provider.basePath + this.#owner.endpoint.path;
    this.target.latency.start();
    this.#timer.arm();
    try {
      provider.pool.dispatch({ method: 'POST', path, headers: headers as string[], body }, this);
    } catch (error) {
      this.#fail(failure('gateway', `the call could not be made: ${(error as Error).message}`));
    }
  }

  /** Ends the attempt from our side; the provider's work is stopped. */
  cancel(message: string): void {
    this.#fail(failure('client_closed', message));
  }

  /** The client does not keep up: nothing more is read from the provider. */
  pause(): void {
    // What fills the client before this target has answered is the part of the one before it.
    if (this.#pauses.since > 0 || this.#state.kind === 'waiting') return;
    this.#pauses.begin(performance.now());
    this.#controller?.pause();
    this.#timer.arm();
  }

  resume(): void {
    if (this.#pauses.since === 0 || this.#state.kind === 'ended') return;
    const now = performance.now();
    this.#pauses.end(now);
    this.#lastReadAt = now;
    this.#controller?.resume();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#state.kind === 'ended') controller.abort(CANCELLED);
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Headers): void {
    if (this.#state.kind !== 'waiting' || status < 200) return;
    const { stream } = this.#owner;
    if (status >= 300) {
      this.#lastReadAt = performance.now();
      this.#state = { kind: 'refused', status, headers, body: new CollectedBody(MAX_REFUSAL_BYTES) };
    } else if (stream !== null && isPlainEventStream(headers)) {
      this.#state = { kind: 'stream', receiver: stream.receive(this.target) };
    } else {
      this.#lastReadAt = performance.now();
      this.#state = { kind: 'plain', headers, body: new CollectedBody(this.#rules.limits.answerBytes) };
    }
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    const now = performance.now();
    if (this.firstByteAt === 0) this.firstByteAt = now;
    const state = this.#state;
    switch (state.kind) {
      case 'stream':
      case 'finishing':
        this.#advance(state.receiver, state.receiver.push(chunk, now), now);
        return;
      case 'plain':
        this.#lastReadAt = now;
        if (!state.body.add(chunk))
          this.#fail(failure('provider_error', 'the answer is larger than the limit'));
        return;
      case 'refused':
        state.body.add(chunk);
        return;
      case 'waiting':
      case 'draining':
      case 'ended':
        return;
      default:
        state satisfies never;
    }
  }

  onResponseEnd(): void {
    this.#controller = null;
    const state = this.#state;
    if (state.kind === 'plain') this.#endPlain(state.headers, state.body);
    else this.#endOther(state);
  }

  onResponseError(_: Dispatcher.DispatchController | null, error: Error): void {
    this.#controller = null;
    const state = this.#state;
    if (state.kind !== 'waiting' && state.kind !== 'plain' && state.kind !== 'stream') {
      this.#endOther(state);
      return;
    }
    const code = (error as NodeJS.ErrnoException).code;
    const outcome = classifyError(code);
    this.#fail(
      failure(outcome === 'success' ? 'gateway' : outcome, `the connection failed (${code ?? error.name})`, {
        code: code ?? null,
        phase: code === undefined ? null : timeoutPhaseOf(code),
      }),
    );
  }

  nextDeadlineAt(): number {
    const { timeouts, writeTimeoutMs } = this.#rules;
    const times = { startedAt: this.startedAt, lastReadAt: this.#lastReadAt, endedAt: this.endedAt };
    const stateAt =
      this.#pauses.since > 0
        ? this.#pauses.since + writeTimeoutMs
        : stateDeadlineAt(this.#state, times, timeouts, this.#owner.stream !== null);
    return Math.min(this.#owner.deadlineAt, stateAt);
  }

  deadlinePassed(now: number): void {
    const state = this.#state;
    const isOver = now >= this.#owner.deadlineAt;
    if (state.kind === 'draining') this.#abandon();
    else if (isOver ? this.#pauses.prevailed(this.firstByteAt, now) : this.#pauses.since > 0)
      this.#owner.clientStalled(this);
    else if (isOver) this.#timeOut('total');
    else if (state.kind === 'finishing')
      this.#advance(state.receiver, state.receiver.end(), performance.now());
    else if (state.kind === 'refused') this.#endOther(state);
    else this.#timeOut(this.#lastReadAt === 0 ? 'first_token' : 'idle');
  }

  #advance(receiver: StreamReceiver, progress: StreamProgress, now: number): void {
    if (progress === 'waiting') return;
    if (progress === 'complete') {
      this.#succeed();
    } else if (typeof progress === 'object') {
      this.#fail(progress);
    } else {
      this.#lastReadAt = now;
      const kind = progress === 'open' ? 'stream' : 'finishing';
      if (this.#state.kind !== kind) this.#state = { kind, receiver };
      if (kind === 'finishing') this.#timer.arm();
    }
  }

  /** The body has ended, in order or not, where a plain answer is not what was being read. */
  #endOther(state: AttemptState): void {
    switch (state.kind) {
      case 'stream':
      case 'finishing':
        this.#advance(state.receiver, state.receiver.end(), performance.now());
        return;
      case 'refused':
        this.#fail(readProviderError(this.target.provider, state.status, state.headers, state.body.bytes()));
        return;
      case 'draining':
        this.#close();
        return;
      case 'waiting':
      case 'plain':
      case 'ended':
        return;
      default:
        state satisfies never;
    }
  }

  #endPlain(headers: Headers, body: CollectedBody): void {
    const encoding = headers['content-encoding'];
    if (isPlain(encoding)) {
      this.#judge(body.bytes());
      return;
    }
    void decodeBody(body.bytes(), String(encoding), this.#rules.limits.answerBytes).then((decoded) => {
      if (this.#state.kind !== 'plain') return;
      if (Buffer.isBuffer(decoded)) this.#judge(decoded);
      else this.#fail(decoded);
    });
  }

  #judge(body: Buffer): void {
    if (this.#owner.stream !== null) {
      this.#fail(failure('provider_error', 'the answer to a stream is no event stream', { status: 200 }));
      return;
    }
    const answer = readAnswer(this.#owner.endpoint, body);
    if ('outcome' in answer) {
      this.#fail(answer);
      return;
    }
    this.answer = answer;
    this.#succeed();
  }

  #succeed(): void {
    this.outcome = 'success';
    this.endedAt = performance.now();
    if (this.#controller === null) {
      this.#close();
    } else {
      this.#state = DRAINING;
      this.#timer.arm();
    }
    this.#owner.attemptEnded(this);
  }

  #fail(failed: Failure): void {
    if (this.#state.kind === 'ended' || this.#state.kind === 'draining') return;
    this.outcome = failed.outcome;
    this.failure = failed;
    this.endedAt = performance.now();
    this.#abandon();
    this.#owner.attemptEnded(this);
  }

  #timeOut(phase: TimeoutPhase): void {
    const what = {
      connect: 'connection',
      first_token: 'first token',
      idle: 'next event',
      total: 'whole answer',
    };
    this.#fail(failure('timeout', `the ${what[phase]} did not come in time`, { phase }));
  }

  /** Closes the connection: what is still on it belongs to nobody. */
  #abandon(): void {
    const controller = this.#controller;
    this.#close();
    controller?.abort(CANCELLED);
  }

  #close(): void {
    this.#state = ENDED;
    this.#timer.clear();
  }
}

function isPlainEventStream(headers: Headers): boolean {
  const type = String(headers['content-type'] ?? '').toLowerCase();
  return type.startsWith('text/event-stream') && isPlain(headers['content-encoding']);
}

function isPlain(encoding: string | string[] | undefined): boolean {
  return encoding === undefined || encoding === 'identity';
}
