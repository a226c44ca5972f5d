import type { AnswerLimits } from '@gatewayz/config';
import type { TokenUsage } from '@gatewayz/pricing';
import type { Target } from '../providers/provider.ts';
import type { StreamReceiver } from './attempt-state.ts';
import type { ClientAnswer } from './client-answer.ts';
import { type ContinuationMode, ContinuedRelay } from './continued-relay.ts';
import { countChoices } from './count-choices.ts';
import { DirectRelay } from './direct-relay.ts';
import type { InferenceRequest } from './inference-request.ts';
import { StreamAnswer, type StreamOutlet } from './stream-answer.ts';
import { Transcript } from './transcript.ts';

/** Who gives the answer. */
export interface StreamedAnswerOwner {
  /** The headers of an answer that begins now. */
  answerHeaders(): readonly string[];
  /** An event was no JSON and has been left out. */
  eventDropped(): void;
}

/** The streamed answer of one exchange, over all the targets that have a part in it. */
export class StreamedAnswer implements StreamOutlet {
  /** Parts of the answer handed to the client, and when the first and the last of them were. */
  chunks = 0;
  /** What they say, in bytes of UTF-8, over all choices: texts, reasoning, calls of tools. */
  saidBytes = 0;
  firstChunkAt = 0;
  lastChunkAt = 0;
  /** How the current target goes on with a broken answer; null while none is broken. */
  continuing: ContinuationMode | null = null;
  /** Null where a broken answer is not to be continued. */
  readonly transcript: Transcript | null;
  readonly #owner: StreamedAnswerOwner;
  readonly #client: ClientAnswer;
  readonly #request: InferenceRequest;
  readonly #limits: AnswerLimits;
  #current: StreamAnswer | null = null;

  constructor(
    owner: StreamedAnswerOwner,
    client: ClientAnswer,
    request: InferenceRequest,
    limits: AnswerLimits,
    isContinuable: boolean,
  ) {
    this.#owner = owner;
    this.#client = client;
    this.#request = request;
    this.#limits = limits;
    this.transcript = isContinuable ? new Transcript() : null;
  }

  /** Usage as the target that gave the last part reported it. */
  get usage(): TokenUsage | null {
    return this.#current?.usage ?? null;
  }

  /** Why the choices ended, as the target that gave the last part said it. */
  get finishReasons(): readonly string[] {
    return this.#current?.finishReasons ?? [];
  }

  /** Takes the stream of a target. */
  receive(target: Target): StreamReceiver {
    const { wantsUsage, parsed } = this.#request;
    const { continuing, transcript } = this;
    const { secret, config } = target.provider;
    const relay =
      continuing === null || transcript === null
        ? new DirectRelay(this, transcript, wantsUsage)
        : new ContinuedRelay(this, transcript, continuing, wantsUsage);
    this.#current = new StreamAnswer(this, relay, {
      maxEventBytes: this.#limits.eventBytes,
      secret,
      choices: countChoices(parsed),
      expectsUsage: wantsUsage || config.capabilities.streamUsage,
      parsesAll: continuing !== null,
    });
    return this.#current;
  }

  /** Ends a whole answer. */
  finish(): void {
    this.#client.finish(this.#current?.relay.isDone !== true);
  }

  open(): void {
    this.#client.open(this.#owner.answerHeaders());
  }

  write(bytes: Buffer): void {
    this.#client.write(bytes);
  }

  chunksPassed(count: number, saidBytes: number, now: number): void {
    if (this.chunks === 0) this.firstChunkAt = now;
    this.chunks += count;
    this.saidBytes += saidBytes;
    this.lastChunkAt = now;
  }

  eventDropped(): void {
    this.#owner.eventDropped();
  }
}
