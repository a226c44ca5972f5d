import { Worker } from 'node:worker_threads';
import type { ProviderConfig } from '@gatewayz/config';
import { getLogger, type LogFields } from '@gatewayz/telemetry';
import { describeError, log } from './log.ts';

/** What the health service is told, and who hears of its end. */
export interface EmbeddedHealthServiceOptions {
  /** Of this gateway: its /metrics tell what live traffic there is. */
  readonly backendUrl: string;
  /** Where the configuration has none: those that the gateway has made up. */
  readonly providers?: readonly ProviderConfig[];
  /** Hears of every end that nobody asked for; `isFinal` where it is not started again. */
  readonly onExit?: (code: number, isFinal: boolean) => void;
}

/** A health service in a thread of this process, on a loopback port. */
export interface EmbeddedHealthService {
  /** The base URL, the same one after a restart of the thread. */
  readonly url: string;
  /** Resolves when it has written what it knows, or has been ended after a deadline. */
  stop(): Promise<void>;
}

const ENTRY = new URL('../../health-service/src/main.ts', import.meta.url);
const HOST = '127.0.0.1';
const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 5000;
const FIRST_WAIT_MS = 1000;
const MAX_WAIT_MS = 60_000;
/** One that has run for so long begins with the first wait again. */
const STEADY_MS = 300_000;
const MAX_RESTARTS_IN_ROW = 10;
/** Ten times what 9,000 models need: what goes wrong there must not take this process's memory. */
const LIMITS = { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 12 } as const;

/** What the thread says. */
type ThreadMessage = { readonly kind: 'listening'; readonly url: string } | ThreadLine;

/** A line of its log, which this process writes. */
interface ThreadLine {
  readonly kind: 'line';
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: LogFields;
  readonly repeatKey?: string;
}

/**
 * Starts the health service in a worker thread and starts it again, later each time, where it ends by itself.
 * Rejects where the first start fails; nothing that happens in the thread ends this process.
 */
export async function startEmbeddedHealthService(
  options: EmbeddedHealthServiceOptions,
): Promise<EmbeddedHealthService> {
  const keeper = new ThreadKeeper(options);
  const url = await keeper.start();
  return { url, stop: () => keeper.stop() };
}

class ThreadKeeper {
  readonly #options: EmbeddedHealthServiceOptions;
  #worker: Worker | null = null;
  #port = 0;
  #restarts = 0;
  #startedAtMs = 0;
  #timer: NodeJS.Timeout | null = null;
  #isStopping = false;

  constructor(options: EmbeddedHealthServiceOptions) {
    this.#options = options;
  }

  /** Resolves to the base URL; rejects where the thread ends before it listens, or does not listen in time. */
  start(): Promise<string> {
    const { backendUrl, providers } = this.#options;
    const workerData = { host: HOST, port: this.#port, backendUrl, ...(providers ? { providers } : {}) };
    this.#startedAtMs = performance.now();
    const worker = new Worker(ENTRY, { workerData, name: 'health-service', resourceLimits: LIMITS });
    this.#worker = worker;
    return new Promise((resolve, reject) => {
      let hasListened = false;
      const timer = setTimeout(() => void worker.terminate(), START_TIMEOUT_MS);
      worker.on('message', (message: ThreadMessage) => {
        if (message.kind === 'line') {
          writeLine(message);
          return;
        }
        clearTimeout(timer);
        hasListened = true;
        this.#port = Number(new URL(message.url).port);
        resolve(message.url);
      });
      worker.on('error', (error) => log('error', 'the health service failed', describeError(error)));
      worker.once('exit', (code) => {
        clearTimeout(timer);
        this.#worker = null;
        if (hasListened) this.#onExit(code);
        else reject(new Error(`The health service ended with ${code} before it listened.`));
      });
    });
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const worker = this.#worker;
    if (worker === null) return;
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    worker.postMessage('stop');
    const timer = setTimeout(() => void worker.terminate(), STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(timer);
  }

  #onExit(code: number): void {
    if (this.#isStopping) return;
    if (performance.now() - this.#startedAtMs > STEADY_MS) this.#restarts = 0;
    const isFinal = this.#restarts >= MAX_RESTARTS_IN_ROW;
    const waitMs = Math.min(FIRST_WAIT_MS * 2 ** this.#restarts, MAX_WAIT_MS);
    log('error', 'the health service ended', { code, startsAgainInMs: isFinal ? null : waitMs });
    this.#options.onExit?.(code, isFinal);
    if (isFinal) return;
    this.#restarts += 1;
    this.#timer = setTimeout(() => {
      this.start().catch(() => this.#onExit(1));
    }, waitMs);
    this.#timer.unref();
  }
}

/** The label `service` is the process's; what the thread has to say is told by a field. */
function writeLine({ level, message, fields, repeatKey }: ThreadLine): void {
  const named = { component: 'health-service', ...fields };
  if (level !== 'warn' || repeatKey === undefined) getLogger()[level](message, named);
  else getLogger().warn(message, named, { repeatKey });
}
