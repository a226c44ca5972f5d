import { log } from '../log.ts';
import type { ToWorker } from './worker-message.ts';
import {
  createSlot,
  restartWaitMs,
  STEADY_MS,
  type WorkerEnd,
  type WorkerProcess,
  type WorkerSlot,
} from './worker-slot.ts';

export interface WorkerPoolOptions {
  readonly count: number;
  /** Starts a process; the pool is to be told of its end by `ended`. */
  readonly fork: () => WorkerProcess;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly onLead: (worker: WorkerProcess) => void;
  /** A worker's silence began or ended. */
  readonly onSilence: (worker: WorkerProcess, isSilent: boolean) => void;
}

/** How the pool stands. */
export interface WorkerCounts {
  readonly running: number;
  readonly silent: number;
  readonly absent: number;
}

/** So many checks without a word, and a worker counts as silent. */
const SILENT_CHECKS = 3;
/** So many, and it is ended. Checks are counted, not time: while this process itself stands still there are none. */
const HOPELESS_CHECKS = 30;

/**
 * Keeps a number of workers running. The first one starts alone, so that what is wrong is told once; the others follow
 * when it listens. One of those that listen leads.
 */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #slots: readonly WorkerSlot[];
  readonly #first = Promise.withResolvers<void>();
  readonly #empty = Promise.withResolvers<void>();
  #hasStarted = false;
  isStopping = false;
  #leader: WorkerProcess | null = null;
  #hasFailed = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#slots = Array.from({ length: options.count }, (_, index) => createSlot(index + 1));
  }

  /** Resolves when the first worker listens; rejects where it ends before that. */
  async start(): Promise<void> {
    const [first, ...others] = this.#slots;
    if (first !== undefined) this.#fill(first);
    await this.#first.promise;
    this.#hasStarted = true;
    if (!this.isStopping) for (const slot of others) this.#fill(slot);
  }

  numberOf(id: number): number | null {
    return this.#slotOf(id)?.number ?? null;
  }

  listening(id: number): void {
    const slot = this.#slotOf(id);
    if (slot === undefined) return;
    slot.isListening = true;
    // One that was still starting when all were told did not hear it.
    if (this.isStopping) this.sendTo(id, { kind: 'drain' });
    this.#elect();
    this.#first.resolve();
  }

  /** A worker has told something. */
  heard(id: number): void {
    const slot = this.#slotOf(id);
    if (slot?.process == null) return;
    if (slot.silentChecks >= SILENT_CHECKS) this.#options.onSilence(slot.process, false);
    slot.silentChecks = 0;
  }

  /** To be called once a second: finds workers that hang, and ends those that go on hanging. */
  check(): void {
    for (const slot of this.#listeningSlots()) {
      const { process } = slot;
      const fields = { worker: slot.number, pid: process.pid };
      slot.silentChecks += 1;
      if (slot.silentChecks === SILENT_CHECKS) {
        log('warn', 'a worker does not answer', fields);
        this.#options.onSilence(process, true);
      }
      if (slot.silentChecks === HOPELESS_CHECKS) {
        log('error', 'a worker that does not answer is ended', fields);
        process.kill();
      }
    }
  }

  ended(id: number, end: WorkerEnd): void {
    const slot = this.#slotOf(id);
    if (slot === undefined) return;
    const hasRunMs = this.#options.now() - slot.startedAtMs;
    Object.assign(slot, { process: null, isListening: false, silentChecks: 0 });
    if (this.#leader?.id === id) this.#leader = null;
    if (this.isStopping) {
      this.#hasFailed ||= end.code !== 0;
      this.#settle();
      return;
    }
    if (!this.#hasStarted) {
      this.#first.reject(new Error('the first worker ended before it listened'));
      return;
    }
    slot.failures = hasRunMs >= STEADY_MS ? 0 : slot.failures + 1;
    const waitMs = restartWaitMs(slot.failures);
    log('error', 'a worker ended', { worker: slot.number, ...end, starts_again_in_ms: waitMs });
    slot.timer = setTimeout(() => this.#fill(slot), waitMs);
    this.#elect();
  }

  counts(): WorkerCounts {
    const present = this.#slots.filter(({ isListening }) => isListening);
    const silent = present.filter(({ silentChecks }) => silentChecks >= SILENT_CHECKS).length;
    return {
      running: present.length - silent,
      silent,
      absent: this.#slots.length - present.length,
    };
  }

  send(message: ToWorker, except: number | null = null): void {
    for (const { process } of this.#slots)
      if (process !== null && process.id !== except) process.send(message);
  }

  sendTo(id: number, message: ToWorker): void {
    this.#slotOf(id)?.process?.send(message);
  }

  /** Has all workers end by themselves, and ends those that are left after the deadline; whether all ended well. */
  async stop(deadlineMs: number): Promise<boolean> {
    this.isStopping = true;
    for (const { timer } of this.#slots) if (timer !== null) clearTimeout(timer);
    this.send({ kind: 'drain' });
    this.#settle();
    const timer = setTimeout(() => this.kill(), deadlineMs);
    await this.#empty.promise;
    clearTimeout(timer);
    return !this.#hasFailed;
  }

  /** Ends all workers at once. */
  kill(): void {
    for (const { process } of this.#slots) process?.kill();
  }

  #fill(slot: WorkerSlot): void {
    const process = this.#options.fork();
    Object.assign(slot, { process, startedAtMs: this.#options.now(), timer: null });
  }

  #elect(): void {
    const [next] = this.#listeningSlots();
    if (this.#leader !== null || next === undefined || this.isStopping) return;
    this.#leader = next.process;
    this.#options.onLead(next.process);
  }

  #settle(): void {
    if (this.#slots.every(({ process }) => process === null)) this.#empty.resolve();
  }

  #slotOf(id: number): WorkerSlot | undefined {
    return this.#slots.find(({ process }) => process?.id === id);
  }

  #listeningSlots(): (WorkerSlot & { readonly process: WorkerProcess })[] {
    return this.#slots.filter(
      (slot): slot is WorkerSlot & { process: WorkerProcess } => slot.isListening && slot.process !== null,
    );
  }
}
