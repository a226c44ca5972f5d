import type { Registry } from '@gatewayz/metrics';
import type { StartTimer } from '../health-poller/start-timer.ts';
import { type Expression, readingsOf } from './expression.ts';
import { FamilySamples } from './family-samples.ts';

/** What a sample book keeps, and when. */
export interface SampleBookOptions {
  readonly registry: Pick<Registry, 'samples'>;
  /** The metrics that these read are kept, and no others. */
  readonly expressions: readonly Expression[];
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly intervalMs: number;
  readonly startTimer: StartTimer;
  readonly onError: (error: unknown) => void;
}

/** Values that are older than this are read again for an answer. */
const FRESH_MS = 250;

/** What the metrics of this process were, over the last hour. */
export class SampleBook {
  readonly #options: SampleBookOptions;
  readonly #families = new Map<string, FamilySamples>();
  #cancel: (() => void) | null = null;
  #isSampling = false;

  constructor(options: SampleBookOptions) {
    this.#options = options;
    const readings = options.expressions.flatMap(readingsOf);
    const overWindow = new Set(readings.filter((reading) => reading.overWindow).map(({ metric }) => metric));
    for (const { metric } of readings) {
      if (!this.#families.has(metric)) this.#families.set(metric, new FamilySamples(overWindow.has(metric)));
    }
  }

  start(): void {
    if (this.#cancel !== null) return;
    this.#arm();
    void this.tick();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  family(metric: string): FamilySamples | undefined {
    return this.#families.get(metric);
  }

  /** Samples every metric for later windows, one a turn of the event loop; not while it is at it. */
  async tick(): Promise<void> {
    if (this.#isSampling) return;
    this.#isSampling = true;
    try {
      for (const metric of this.#families.keys()) {
        this.#sample(metric, true);
        await nextTurn();
      }
    } catch (error) {
      this.#options.onError(error);
    } finally {
      this.#isSampling = false;
    }
  }

  /** Reads the metrics of some expressions again, where they are not fresh. */
  async refresh(expressions: readonly Expression[]): Promise<void> {
    const metrics = new Set(expressions.flatMap(readingsOf).map(({ metric }) => metric));
    let turnEndsMs = this.#options.now() + SLICE_MS;
    for (const metric of metrics) {
      const sampledAtMs = this.#families.get(metric)?.sampledAtMs ?? 0;
      if (this.#options.now() - sampledAtMs < FRESH_MS) continue;
      this.#sample(metric, false);
      if (this.#options.now() < turnEndsMs) continue;
      await nextTurn();
      turnEndsMs = this.#options.now() + SLICE_MS;
    }
  }

  #arm(): void {
    const { startTimer, intervalMs } = this.#options;
    this.#cancel = startTimer(() => {
      this.#arm();
      void this.tick();
    }, intervalMs);
  }

  #sample(metric: string, keep: boolean): void {
    const { registry, now } = this.#options;
    this.#families.get(metric)?.sample(registry.samples(metric), now(), keep);
  }
}

/** How long an answer may keep the event loop before it gives way. */
export const SLICE_MS = 10;

/** Resolves after the event loop has served what else is waiting. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
