import type { StreamProgress, StreamReceiver } from './attempt.ts';
import { EventReader, type StreamChunk } from './event-reader.ts';
import { type EventSink, EventSplitter } from './event-splitter.ts';
import { type Failure, failure } from './failure.ts';
import { toProviderError } from './read-provider-error.ts';
import { readUsage, type Usage } from './read-usage.ts';

/** Where the whole events of an answer go. */
export interface StreamOutlet {
  /** The first part of the answer is there: nothing but this stream can be the answer now. */
  open(): void;
  write(bytes: Buffer): void;
  /** Parts of the answer have been passed on. */
  chunksPassed(count: number, now: number): void;
  eventDropped(): void;
}

/** What a stream answer needs to know of its request. */
export interface StreamAnswerOptions {
  readonly maxEventBytes: number;
  /** Whether the client asked for the usage chunk; one that only the gateway asked for is not passed on. */
  readonly wantsUsage: boolean;
  /** The provider's key, which must not get into an error. */
  readonly secret: string | null;
}

/**
 * One provider's stream on its way to the client: whole events pass byte for byte, in as few writes as they came;
 * events that are no JSON are dropped; how the answer stands is known after each of them.
 */
export class StreamAnswer implements StreamReceiver, EventSink {
  usage: Usage | null = null;
  isDone = false;
  readonly #outlet: StreamOutlet;
  readonly #options: StreamAnswerOptions;
  readonly #splitter: EventSplitter;
  readonly #reader = new EventReader();
  readonly #started = new Set<number>();
  readonly #finished = new Set<number>();
  #isOpen = false;
  #sawEvent = false;
  #passed = 0;
  #failure: Failure | null = null;
  /** Events to be passed on in one write: [from, to) of `#bytes`. */
  #bytes: Buffer | null = null;
  #from = 0;
  #to = 0;

  constructor(outlet: StreamOutlet, options: StreamAnswerOptions) {
    this.#outlet = outlet;
    this.#options = options;
    this.#splitter = new EventSplitter(options.maxEventBytes);
  }

  /** Whether every choice has its finish reason. */
  get isFinished(): boolean {
    return this.#started.size > 0 && this.#finished.size >= this.#started.size;
  }

  push(chunk: Buffer, now: number): StreamProgress {
    this.#sawEvent = false;
    this.#passed = 0;
    const fits = this.#splitter.push(chunk, this);
    this.#flush();
    if (this.#passed > 0) this.#outlet.chunksPassed(this.#passed, now);
    if (this.#failure === null && !fits && !this.isDone) {
      this.#failure = failure('provider_error', 'an event of the stream is larger than the limit', {
        status: 200,
      });
    }
    return this.#progress();
  }

  end(): StreamProgress {
    this.#splitter.flush(this);
    this.#flush();
    if (this.#failure !== null) return this.#failure;
    if (this.isDone || this.isFinished) return 'complete';
    return failure('provider_error', 'the stream ended before its answer did', { status: 200 });
  }

  event(bytes: Buffer, start: number, end: number): void {
    if (this.isDone || this.#failure !== null) return;
    const event = this.#reader.read(bytes, start, end);
    switch (event.kind) {
      case 'chunk':
        this.#chunk(event.chunk, bytes, start, end);
        return;
      case 'done':
        this.#done(bytes, start, end);
        return;
      case 'error':
        this.#fail(event.error);
        return;
      case 'empty':
        if (this.#isOpen) this.#pass(bytes, start, end);
        return;
      case 'malformed':
        this.#outlet.eventDropped();
        return;
      default:
        event satisfies never;
    }
  }

  #chunk(chunk: StreamChunk, bytes: Buffer, start: number, end: number): void {
    if (!chunk.isRepeated) {
      for (const index of chunk.indexes) this.#started.add(index);
      for (const index of chunk.finished) this.#finished.add(index);
    }
    if (chunk.usage !== null) this.usage = readUsage(chunk.usage) ?? this.usage;
    const isUsageOnly = chunk.choices === 0 && this.usage !== null;
    if (isUsageOnly && !this.#options.wantsUsage) {
      this.#sawEvent = true;
      return;
    }
    if (!this.#isOpen) {
      this.#isOpen = true;
      this.#outlet.open();
    }
    if (chunk.choices > 0) this.#passed += 1;
    this.#pass(bytes, start, end);
  }

  #done(bytes: Buffer, start: number, end: number): void {
    if (this.#started.size > 0) {
      this.isDone = true;
      this.#pass(bytes, start, end);
    } else {
      this.#failure = failure('provider_error', 'the stream ended before its answer did', { status: 200 });
    }
  }

  #fail(error: unknown): void {
    const said = toProviderError(error, this.#options.secret);
    this.#failure = failure('provider_error', 'the provider broke its stream off', { status: 200, said });
  }

  #pass(bytes: Buffer, start: number, end: number): void {
    this.#sawEvent = true;
    if (this.#bytes !== bytes || this.#to !== start) {
      this.#flush();
      this.#bytes = bytes;
      this.#from = start;
    }
    this.#to = end;
  }

  #flush(): void {
    if (this.#bytes !== null && this.#to > this.#from)
      this.#outlet.write(this.#bytes.subarray(this.#from, this.#to));
    this.#bytes = null;
  }

  #progress(): StreamProgress {
    if (this.#failure !== null) return this.#failure;
    if (this.isDone) return 'complete';
    if (this.isFinished) return 'finishing';
    return this.#isOpen && this.#sawEvent ? 'open' : 'waiting';
  }
}
