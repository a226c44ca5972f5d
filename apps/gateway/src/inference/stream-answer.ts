import { readTokenUsage, type TokenUsage } from '@gatewayz/pricing';
import type { StreamProgress, StreamReceiver } from './attempt-state.ts';
import { EventReader, parseEvent, type StreamChunk, type StreamEvent } from './event-reader.ts';
import { type EventSink, EventSplitter } from './event-splitter.ts';
import { type Failure, failure } from './failure.ts';
import { toProviderError } from './read-provider-error.ts';

/** Where the whole events of an answer go. */
export interface StreamOutlet {
  /** The first part of the answer is there: the client can be given no other answer now. */
  open(): void;
  write(bytes: Buffer): void;
  /** Parts of the answer have been passed on, which say so many bytes. */
  chunksPassed(count: number, saidBytes: number, now: number): void;
  eventDropped(): void;
}

/** What becomes of a provider's events on their way to the client. */
export interface ChunkRelay {
  /** Whether the client has been told that the stream is done. */
  readonly isDone: boolean;
  /** One chunk, which is the event [start, end) of `bytes`. A failure ends the stream. */
  chunk(chunk: StreamChunk, bytes: Buffer, start: number, end: number): Failure | null;
  /** An event without data. */
  empty(bytes: Buffer, start: number, end: number): void;
  /** The provider says that its stream is done. A failure ends the stream instead. */
  done(bytes: Buffer, start: number, end: number): Failure | null;
  /** The events of one read are through. */
  flush(now: number): void;
}

/** What a stream answer needs to know beside its bytes. */
export interface StreamAnswerOptions {
  readonly maxEventBytes: number;
  /** The provider's key, which must not get into an error. */
  readonly secret: string | null;
  /** How many choices the answer is to have. */
  readonly choices: number;
  /** Whether the provider was asked for usage. */
  readonly expectsUsage: boolean;
  /** Whether the relay needs every chunk as it was parsed. */
  readonly parsesAll: boolean;
}

/** A provider that says it again and again is not to fill the memory. */
const MAX_REASONS = 128;

/** One provider's stream: cut into events, each of them checked, and known at every moment for what it is worth. */
export class StreamAnswer implements StreamReceiver, EventSink {
  usage: TokenUsage | null = null;
  /** Why the choices ended, in the order in which they did. */
  readonly finishReasons: string[] = [];
  readonly relay: ChunkRelay;
  readonly #outlet: StreamOutlet;
  readonly #options: StreamAnswerOptions;
  readonly #splitter: EventSplitter;
  readonly #reader = new EventReader();
  readonly #started = new Set<number>();
  readonly #finished = new Set<number>();
  #isDone = false;
  #sawEvent = false;
  #failure: Failure | null = null;

  constructor(outlet: StreamOutlet, relay: ChunkRelay, options: StreamAnswerOptions) {
    this.#outlet = outlet;
    this.relay = relay;
    this.#options = options;
    this.#splitter = new EventSplitter(options.maxEventBytes);
  }

  push(chunk: Buffer, now: number): StreamProgress {
    this.#sawEvent = false;
    const fits = this.#splitter.push(chunk, this);
    this.relay.flush(now);
    if (!fits && !this.#isDone) {
      this.#failure ??= failure('provider_error', 'an event of the stream is larger than the limit', {
        status: 200,
      });
    }
    if (this.#failure !== null) return this.#failure;
    if (this.#isDone) return 'complete';
    if (this.#isFinished && this.#finished.size >= this.#options.choices) return 'finishing';
    return this.#sawEvent ? 'open' : 'waiting';
  }

  end(): StreamProgress {
    this.#splitter.flush({ event: (bytes) => this.#unclosedEvent(bytes) });
    this.relay.flush(performance.now());
    if (this.#failure !== null) return this.#failure;
    if (this.#isDone || this.#isFinished) return 'complete';
    return endedTooSoon();
  }

  event(bytes: Buffer, start: number, end: number): void {
    if (this.#isDone || this.#failure !== null) return;
    const event = this.#read(bytes, start, end);
    switch (event.kind) {
      case 'chunk':
        this.#chunk(event.chunk, bytes, start, end);
        return;
      case 'done':
        this.#failure = this.#started.size === 0 ? endedTooSoon() : this.relay.done(bytes, start, end);
        this.#isDone = this.#failure === null;
        return;
      case 'error': {
        const said = toProviderError(event.error, this.#options.secret);
        this.#failure = failure('provider_error', 'the provider broke its stream off', { status: 200, said });
        return;
      }
      case 'empty':
        this.#sawEvent ||= this.#started.size > 0;
        this.relay.empty(bytes, start, end);
        return;
      case 'malformed':
        this.#outlet.eventDropped();
        return;
      default:
        event satisfies never;
    }
  }

  get isWhole(): boolean {
    return this.#isFinished && (this.usage !== null || !this.#options.expectsUsage);
  }

  /** Whether every choice that began has its finish reason; a provider need not give as many as were asked for. */
  get #isFinished(): boolean {
    return this.#started.size > 0 && this.#finished.size >= this.#started.size;
  }

  #read(bytes: Buffer, start: number, end: number): StreamEvent {
    return this.#options.parsesAll ? parseEvent(bytes, start, end) : this.#reader.read(bytes, start, end);
  }

  /** What the stream ended with counts where nothing but its blank line was missing; else it is a torn event. */
  #unclosedEvent(bytes: Buffer): void {
    const { kind } = parseEvent(bytes, 0, bytes.length);
    if (kind !== 'empty' && kind !== 'malformed') this.event(bytes, 0, bytes.length);
  }

  #chunk(chunk: StreamChunk, bytes: Buffer, start: number, end: number): void {
    this.#sawEvent = true;
    if (!chunk.isRepeated) {
      for (const index of chunk.indexes) this.#started.add(index);
      for (const index of chunk.finished) this.#finished.add(index);
      if (this.finishReasons.length < MAX_REASONS) this.finishReasons.push(...chunk.finishReasons);
      if (chunk.usage !== null) this.usage = readTokenUsage(chunk.usage) ?? this.usage;
    }
    this.#failure = this.relay.chunk(chunk, bytes, start, end);
  }
}

function endedTooSoon(): Failure {
  return failure('provider_error', 'the stream ended before its answer did', { status: 200 });
}
