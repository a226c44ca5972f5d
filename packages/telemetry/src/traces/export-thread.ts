import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { BatchResult } from './otlp-sender.ts';
import type { OtlpSettings } from './otlp-settings.ts';
import type { SpanBatch } from './span-batch.ts';

/** Where batches go. */
export interface BatchSink {
  /** Takes the batch's buffer over. Never rejects. */
  send(batch: SpanBatch): Promise<BatchResult>;
  /** Blocks until what it was given is settled, or the budget is over: for a process that is exiting. */
  drainSync?(budgetMs: number): void;
  /** Ends it; what is under way fails. */
  close(): void;
}

/** What the thread is started with. */
export interface ExportThreadData {
  readonly otlp: OtlpSettings;
}

/** The same, and where the thread counts the batches that it has settled. */
export interface ExportWorkerData extends ExportThreadData {
  readonly settled: SharedArrayBuffer;
}

/** A batch, as the thread gets it. */
export interface BatchMessage {
  readonly id: number;
  readonly batch: SpanBatch;
}

/** What the thread says of a batch. */
export interface ResultMessage {
  readonly id: number;
  readonly result: BatchResult;
}

// Built packages have no .ts files, and nothing rewrites the extension inside a URL.
const ENTRY = new URL(
  import.meta.url.endsWith('.ts') ? './export-worker.ts' : './export-worker.js',
  import.meta.url,
);
const RESTART_PAUSE_MS = 1000;
// Beyond a batch's own time limit: a thread that has said nothing by then hangs.
const PATIENCE_MS = 5000;
// For the thread's own code and requests: batches lie outside the heap.
const MAX_HEAP_MB = 32;
const ENDED: BatchResult = { exported: 0, problem: 'the thread that exports spans ended' };

/**
 * Sends from a worker thread: compressing, encrypting and waiting are not the request path's, and whatever instruments
 * this thread's `http` makes no spans of sending spans. A batch is handed over, not copied. The thread is started by the
 * first batch, and started again by the next one after it died; batches that it held have then failed.
 */
export function createExportThread(data: ExportThreadData, entry: URL = ENTRY): BatchSink {
  return new ExportThread(data, entry);
}

interface Pending {
  readonly resolve: (result: BatchResult) => void;
  readonly watchdog: NodeJS.Timeout;
}

class ExportThread implements BatchSink {
  readonly #data: ExportThreadData;
  readonly #entry: URL;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | null = null;
  #startedAt = Number.NEGATIVE_INFINITY;
  /** By this thread: how many batches it was given, and its count of those that are settled. */
  #given = 0;
  #settled = new Int32Array(new SharedArrayBuffer(4));
  #lastId = 0;
  #isClosed = false;

  constructor(data: ExportThreadData, entry: URL) {
    this.#data = data;
    this.#entry = entry;
  }

  async send(batch: SpanBatch): Promise<BatchResult> {
    if (this.#isClosed) return ENDED;
    const restMs = this.#worker === null ? this.#startedAt + RESTART_PAUSE_MS - performance.now() : 0;
    if (restMs > 0) await pause(restMs, undefined, { ref: false });
    return new Promise((resolve) => {
      if (this.#isClosed) return resolve(ENDED);
      const id = ++this.#lastId;
      const limitMs = Math.min(this.#data.otlp.batchTimeoutMs + PATIENCE_MS, 2 ** 31 - 1);
      const watchdog = setTimeout(() => this.#end(this.#worker), limitMs).unref();
      this.#pending.set(id, { resolve, watchdog });
      try {
        this.#worker ??= this.#start();
        this.#worker.postMessage({ id, batch } satisfies BatchMessage, [batch.body.buffer]);
        this.#given += 1;
      } catch {
        this.#settle({ id, result: ENDED });
      }
    });
  }

  drainSync(budgetMs: number): void {
    const endMs = performance.now() + budgetMs;
    for (;;) {
      const settled = Atomics.load(this.#settled, 0);
      const leftMs = endMs - performance.now();
      if (this.#worker === null || settled >= this.#given || leftMs <= 0) return;
      Atomics.wait(this.#settled, 0, settled, leftMs);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#end(this.#worker);
  }

  #start(): Worker {
    this.#startedAt = performance.now();
    this.#given = 0;
    this.#settled = new Int32Array(new SharedArrayBuffer(4));
    const worker = new Worker(this.#entry, {
      name: 'spans',
      workerData: { ...this.#data, settled: this.#settled.buffer } satisfies ExportWorkerData,
      // What the process was started with (--import of a register module, say) is not for this thread.
      execArgv: [],
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    });
    worker.on('message', (message: ResultMessage) => this.#settle(message));
    worker.on('error', () => this.#end(worker));
    worker.on('exit', () => this.#end(worker));
    // After the listeners: one for messages makes the thread count again for whether the process goes on.
    worker.unref();
    return worker;
  }

  #settle({ id, result }: ResultMessage): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    clearTimeout(pending.watchdog);
    pending.resolve(result);
  }

  #end(worker: Worker | null): void {
    if (worker === null || worker !== this.#worker) return;
    this.#worker = null;
    worker.terminate().catch(() => {});
    for (const id of [...this.#pending.keys()]) this.#settle({ id, result: ENDED });
  }
}
