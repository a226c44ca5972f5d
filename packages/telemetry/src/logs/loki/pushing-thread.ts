import {
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  type Transferable,
  Worker,
} from 'node:worker_threads';
import type { LokiTarget } from './loki-target.ts';
import type { FromWorker, PushTiming, ToWorker, WorkerStart } from './worker-messages.ts';

const ENTRY = new URL(
  import.meta.url.endsWith('.ts') ? './loki-worker.ts' : './loki-worker.js',
  import.meta.url,
);

/** A thread that pushes batches, as the main thread sees it. */
export interface PushingThread {
  send(message: ToWorker, transfer?: readonly Transferable[]): void;
  /** Blocks this thread until a message has come, at most so long, and hands over all that are there. */
  receiveSync(budgetMs: number): void;
  /** Ends it at once, whatever it does; `onEnd` is not called. */
  kill(): void;
}

export interface ThreadEvents {
  readonly onMessage: (message: FromWorker) => void;
  /** The thread has ended by itself; called once. */
  readonly onEnd: (reason: string) => void;
}

/** Starts a thread; where there can be none, `onEnd` is called soon after. */
export type StartThread = (target: LokiTarget, timing: PushTiming, events: ThreadEvents) => PushingThread;

class WorkerThread implements PushingThread {
  readonly #events: ThreadEvents;
  readonly #port: MessagePort;
  readonly #worker: Worker;
  readonly #signal = new SharedArrayBuffer(4);
  #received = 0;
  #hasEnded = false;

  constructor(target: LokiTarget, timing: PushTiming, events: ThreadEvents) {
    this.#events = events;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const workerData: WorkerStart = { port: port2, target, timing, signal: this.#signal };
    this.#worker = new Worker(ENTRY, {
      workerData,
      transferList: [port2],
      name: 'loki',
      // None of the host's preloads: this thread logs nothing.
      execArgv: [],
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: 48, maxYoungGenerationSizeMb: 8 },
    });
    this.#worker.unref();
    let reason = 'it ended';
    this.#worker.on('error', (error) => {
      reason = error instanceof Error ? error.message : 'an error';
    });
    this.#worker.on('exit', () => this.#end(reason));
    this.#port.on('message', (message: FromWorker) => {
      this.#received += 1;
      this.#receive(message);
    });
    this.#port.unref();
  }

  send(message: ToWorker, transfer: readonly Transferable[] = []): void {
    this.#port.postMessage(message, transfer);
  }

  receiveSync(budgetMs: number): void {
    const sent = new Int32Array(this.#signal);
    if (Atomics.load(sent, 0) <= this.#received) Atomics.wait(sent, 0, this.#received, budgetMs);
    for (;;) {
      const received = receiveMessageOnPort(this.#port);
      if (received === undefined) return;
      this.#received += 1;
      this.#receive(received.message as FromWorker);
    }
  }

  kill(): void {
    this.#hasEnded = true;
    this.#port.close();
    void this.#worker.terminate();
  }

  #receive(message: FromWorker): void {
    if (!this.#hasEnded) this.#events.onMessage(message);
  }

  #end(reason: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#port.close();
    this.#events.onEnd(reason);
  }
}

/** Starts the thread that pushes; it keeps no process alive. */
export const startWorkerThread: StartThread = (target, timing, events) =>
  new WorkerThread(target, timing, events);
