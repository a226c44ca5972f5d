import { LineQueue } from './line-queue.ts';
import type { LokiCounts } from './loki-counts.ts';
import type { LokiShipperOptions } from './loki-shipper-options.ts';
import { type PushingThread, type StartThread, startWorkerThread } from './pushing-thread.ts';
import type { FromWorker } from './worker-messages.ts';

/** Hands lines to a thread that pushes them to Loki, in order, one batch at a time. */
export interface LokiShipper {
  /** `head` as `readEntries` expects it; the line without its line end. */
  add(head: string, line: string): void;
  counts(): LokiCounts;
  queuedBytes(): number;
  /** Resolves when all lines written before are settled, or after the budget. */
  flush(budgetMs: number): Promise<void>;
  /** Flushes, then counts what is left as dropped. Never rejects. */
  close(budgetMs: number): Promise<void>;
  /** The same, blocking, for a process that is exiting. */
  closeSync(budgetMs: number): void;
}

const MAX_BATCH_BYTES = 1_000_000;
const MAX_RESTART_MS = 5_000;
/** A batch that so many threads have died of is not sent again. */
const MAX_DEATHS = 5;

interface Waiter {
  lines: number;
  readonly resolve: () => void;
}

/**
 * The books are kept on this thread, and lines stay here until the other one says what became of them: a thread that
 * hangs or dies loses nothing and leaves no line uncounted.
 */
class BatchShipper implements LokiShipper {
  readonly #options: LokiShipperOptions;
  readonly #startThread: StartThread;
  readonly #queue: LineQueue;
  #thread: PushingThread | null = null;
  #linesOnTheWay = 0;
  #deaths = 0;
  /** Between the end of one thread and the start of the next. */
  #isResting = false;
  /** How many are waiting for the queue to be settled, and for how many lines more. */
  readonly #waiters = new Set<Waiter>();
  #isClosed = false;
  #flushTimer: NodeJS.Timeout | null = null;
  #silenceTimer: NodeJS.Timeout | null = null;
  #written = 0;
  #delivered = 0;
  #droppedFull = 0;
  #droppedRejected = 0;
  #droppedClosed = 0;

  constructor(options: LokiShipperOptions) {
    this.#options = options;
    this.#startThread = options.startThread ?? startWorkerThread;
    this.#queue = new LineQueue({ maxLines: options.maxQueuedLines, maxBytes: options.maxQueuedBytes });
  }

  add(head: string, line: string): void {
    this.#written += 1;
    if (this.#isClosed) this.#droppedClosed += 1;
    else if (!this.#queue.add(head, line)) this.#droppedFull += 1;
    else this.#schedule();
  }

  counts(): LokiCounts {
    return {
      written: this.#written,
      delivered: this.#delivered,
      droppedFull: this.#droppedFull,
      droppedRejected: this.#droppedRejected,
      droppedClosed: this.#droppedClosed,
      queued: this.#queue.lines,
    };
  }

  queuedBytes(): number {
    return this.#queue.bytes;
  }

  flush(budgetMs: number): Promise<void> {
    const lines = this.#queue.lines;
    if (lines === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const waiter: Waiter = {
        lines,
        resolve: () => {
          clearTimeout(timer);
          this.#waiters.delete(waiter);
          if (this.#waiters.size === 0) this.#hurry(false);
          resolve();
        },
      };
      const timer = setTimeout(waiter.resolve, budgetMs);
      this.#waiters.add(waiter);
      this.#hurry(true);
      this.#push();
    });
  }

  async close(budgetMs: number): Promise<void> {
    if (this.#isClosed) return;
    await this.flush(budgetMs);
    this.#end();
  }

  closeSync(budgetMs: number): void {
    if (this.#isClosed) return;
    const endMs = performance.now() + budgetMs;
    void this.flush(budgetMs);
    while (this.#queue.lines > 0 && this.#thread !== null) {
      const leftMs = endMs - performance.now();
      if (leftMs <= 0) break;
      this.#thread.receiveSync(leftMs);
    }
    this.#end();
  }

  #hurry(isHurried: boolean): void {
    if (!this.#isClosed) this.#thread?.send({ kind: 'hurry', isHurried });
  }

  #end(): void {
    this.#isClosed = true;
    this.#stopTimers();
    this.#thread?.kill();
    this.#thread = null;
    this.#linesOnTheWay = 0;
    this.#droppedClosed += this.#queue.clear();
    for (const waiter of this.#waiters) waiter.resolve();
  }

  /** Pushes as soon as it is worth it. */
  #schedule(): void {
    if (this.#linesOnTheWay > 0 || this.#isResting) return;
    if (this.#waiters.size > 0 || this.#queue.bytes >= this.#options.batchBytes) this.#push();
    else this.#startTimer(this.#options.flushMs);
  }

  #startTimer(delayMs: number): void {
    this.#flushTimer ??= setTimeout(() => this.#push(), delayMs).unref();
  }

  #push(): void {
    if (this.#isClosed || this.#linesOnTheWay > 0) return;
    this.#stopTimers();
    this.#isResting = false;
    const batch = this.#queue.take(MAX_BATCH_BYTES);
    if (batch === null) return;
    this.#linesOnTheWay = batch.lines;
    try {
      const thread = this.#runningThread();
      thread.send({ kind: 'push', bytes: batch.bytes, labels: this.#options.labels() }, [batch.bytes.buffer]);
      if (this.#waiters.size > 0) this.#hurry(true);
      this.#watch();
    } catch (error) {
      this.#lostThread(error instanceof Error ? error.message : 'it cannot be started');
    }
  }

  #runningThread(): PushingThread {
    this.#thread ??= this.#startThread(this.#options.target, this.#options.timing, {
      onMessage: (message) => this.#receive(message),
      onEnd: (reason) => this.#lostThread(reason),
    });
    return this.#thread;
  }

  #receive(message: FromWorker): void {
    switch (message.kind) {
      case 'trouble':
        this.#options.onTrouble(message.reason);
        this.#watch();
        return;
      case 'done':
        this.#delivered += message.delivered;
        this.#droppedRejected += message.rejected;
        if (message.rejected > 0) {
          this.#options.onTrouble(`${message.rejected} lines rejected: ${message.reason}`);
        }
        this.#settle();
        return;
      default:
        message satisfies never;
    }
  }

  #settle(): void {
    this.#stopTimers();
    this.#deaths = 0;
    const settled = this.#linesOnTheWay;
    this.#linesOnTheWay = 0;
    this.#queue.settle();
    for (const waiter of this.#waiters) {
      waiter.lines -= settled;
      if (waiter.lines <= 0) waiter.resolve();
    }
    if (this.#queue.lines > 0) this.#schedule();
  }

  #watch(): void {
    if (this.#silenceTimer !== null) clearTimeout(this.#silenceTimer);
    this.#silenceTimer = setTimeout(() => {
      this.#thread?.kill();
      this.#lostThread('it fell silent');
    }, this.#options.silenceMs).unref();
  }

  /** What the thread had goes to the next one, unless it seems to be what threads die of. */
  #lostThread(reason: string): void {
    this.#stopTimers();
    this.#thread = null;
    this.#options.onTrouble(`the thread that pushes to Loki was lost: ${reason}`);
    if (this.#isClosed || this.#linesOnTheWay === 0) return;
    this.#deaths += 1;
    if (this.#deaths >= MAX_DEATHS) {
      this.#droppedRejected += this.#linesOnTheWay;
      this.#settle();
      return;
    }
    this.#linesOnTheWay = 0;
    this.#isResting = true;
    this.#startTimer(Math.min(MAX_RESTART_MS, 50 * 2 ** this.#deaths));
  }

  #stopTimers(): void {
    if (this.#flushTimer !== null) clearTimeout(this.#flushTimer);
    if (this.#silenceTimer !== null) clearTimeout(this.#silenceTimer);
    this.#flushTimer = null;
    this.#silenceTimer = null;
  }
}

/** Makes the shipper; its thread starts with the first push. */
export function createLokiShipper(options: LokiShipperOptions): LokiShipper {
  return new BatchShipper(options);
}
