import type { Attributes } from '@opentelemetry/api';
import type { EpochClock, EpochOrigin } from './epoch-clock.ts';
import type { BatchSink } from './export-thread.ts';
import type { FinishedSpan, Trace } from './finished-span.ts';
import type { BatchResult } from './otlp-sender.ts';
import { MAX_IN_FLIGHT } from './otlp-settings.ts';
import { type SpanBatch, SpanBatchWriter, type SpanScope } from './span-batch.ts';
import type { SpanLimits } from './span-limits.ts';
import type { QueueSettings } from './tracing-settings.ts';

/** Where every span recorded since the start is: recorded = exported + droppedFull + droppedFailed + queued. */
export interface SpanCounts {
  readonly recorded: number;
  /** A collector said that it has them. */
  readonly exported: number;
  /** There was no room for them. */
  readonly droppedFull: number;
  /** Refused, not taken in time, or left at the end. What was sent without an answer is here too. */
  readonly droppedFailed: number;
  /** Waiting or on their way. */
  readonly queued: number;
}

/** What the queue works with. */
export interface SpanQueueParts {
  readonly settings: QueueSettings;
  readonly limits: SpanLimits;
  /** What makes the spans, as attributes. */
  readonly resource: Attributes;
  readonly sink: BatchSink;
  readonly clock: EpochClock;
  readonly onProblem: (problem: string) => void;
}

// A collector takes 4 MB by default.
const MAX_BATCH_BYTES = 1024 * 1024;
const SINK_FAILED: BatchResult = { exported: 0, problem: 'the sink of spans rejected a batch' };

interface ReadyBatch extends SpanBatch {
  /** What its spans are in the queue's limit of size. */
  readonly bytes: number;
}

/**
 * Holds spans until they are exported, within limits of number and size. OpenTelemetry's BatchSpanProcessor is not used
 * because it tells nobody what it dropped or failed to send, and holds no limit of bytes.
 */
export class SpanQueue {
  readonly #parts: SpanQueueParts;
  readonly #filling: SpanBatchWriter;
  readonly #ready: ReadyBatch[] = [];
  readonly #waiting: (() => void)[] = [];
  #timer: NodeJS.Timeout | null = null;
  #willPump = false;
  #inFlight = 0;
  #bytes = 0;
  #recorded = 0;
  #exported = 0;
  #droppedFull = 0;
  #droppedFailed = 0;
  #queued = 0;
  #lastProblem: string | null = null;
  #isClosing = false;
  #isClosed = false;

  constructor(parts: SpanQueueParts) {
    this.#parts = parts;
    this.#filling = new SpanBatchWriter(parts.limits, parts.resource);
  }

  counts(): SpanCounts {
    return {
      recorded: this.#recorded,
      exported: this.#exported,
      droppedFull: this.#droppedFull,
      droppedFailed: this.#droppedFailed,
      queued: this.#queued,
    };
  }

  /** Takes a copy of the spans, or counts them as dropped. Never throws. */
  add(trace: Trace, scope: SpanScope, spans: readonly FinishedSpan[]): void {
    const { maxSpans, maxBytes, delayMs } = this.#parts.settings;
    const origin = this.#parts.clock.origin();
    for (const span of spans) {
      this.#recorded += 1;
      if (this.#isClosing) this.#droppedFailed += 1;
      else if (this.#queued >= maxSpans || this.#bytes >= maxBytes) this.#droppedFull += 1;
      else this.#take(trace, scope, span, origin);
    }
    if (this.#filling.spans > 0 && this.#timer === null) {
      this.#timer = setTimeout(() => this.#seal(), delayMs).unref();
    }
  }

  /** Sends what waits; resolves when nothing is left of it or the budget is over. */
  flush(budgetMs: number): Promise<void> {
    this.#seal();
    if (this.#queued === 0 || budgetMs <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, budgetMs);
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** Flushes within the budget, then counts what is left as failed. Later spans count as failed too. */
  async close(budgetMs: number): Promise<void> {
    this.#isClosing = true;
    await this.flush(budgetMs);
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#droppedFailed += this.#queued;
    this.#queued = 0;
    this.#bytes = 0;
    this.#ready.length = 0;
    this.#parts.sink.close();
    this.#tellWaiting();
  }

  /** Sends what waits while this thread stands still, for a process that is exiting: nobody reads its counts any more. */
  closeSync(budgetMs: number): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#seal();
    for (const batch of this.#ready.splice(0)) void this.#send(batch);
    if (this.#queued > 0) this.#parts.sink.drainSync?.(budgetMs);
  }

  #take(trace: Trace, scope: SpanScope, span: FinishedSpan, origin: EpochOrigin): void {
    const filling = this.#filling;
    const before = filling.bytes;
    filling.add(trace, scope, span, origin);
    this.#bytes += filling.bytes - before;
    this.#queued += 1;
    if (filling.spans >= this.#parts.settings.batchSpans || filling.bytes >= MAX_BATCH_BYTES) this.#seal();
  }

  #seal(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#filling.spans === 0) return;
    const { bytes } = this.#filling;
    this.#ready.push({ ...this.#filling.take(), bytes });
    if (this.#willPump) return;
    this.#willPump = true;
    // Not now: whoever records is on a request's path.
    setImmediate(() => this.#pump());
  }

  #pump(): void {
    this.#willPump = false;
    while (this.#inFlight < MAX_IN_FLIGHT) {
      const batch = this.#ready.shift();
      if (batch === undefined) return;
      this.#inFlight += 1;
      void this.#send(batch);
    }
  }

  async #send({ body, spans, bytes }: ReadyBatch): Promise<void> {
    const result = await this.#parts.sink.send({ body, spans }).catch(() => SINK_FAILED);
    this.#inFlight -= 1;
    if (this.#isClosed) return;
    this.#queued -= spans;
    this.#bytes -= bytes;
    this.#exported += result.exported;
    this.#droppedFailed += spans - result.exported;
    this.#report(result);
    this.#pump();
    if (this.#queued === 0) this.#tellWaiting();
  }

  /** Says once what is wrong, and again only after it was right or when it is something else. */
  #report({ problem }: BatchResult): void {
    if (problem !== null && problem !== this.#lastProblem) this.#parts.onProblem(problem);
    this.#lastProblem = problem;
  }

  #tellWaiting(): void {
    for (const tell of this.#waiting.splice(0)) tell();
  }
}
