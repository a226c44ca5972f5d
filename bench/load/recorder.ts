import type { JobResult } from './job.ts';
import type { LoadConnection } from './load-connection.ts';
import { Samples } from './samples.ts';

/** Collects what the loops see. */
export class Recorder {
  readonly #latency = new Samples();
  readonly #firstChunk = new Samples();
  readonly #errors = new Map<string, number>();
  #lastAt = 0;

  /** Notes an answer that ended at `now`, in milliseconds of `performance.now()`. */
  add(connection: LoadConnection, error: string | null, now: number): void {
    if (error !== null) {
      this.#errors.set(error, (this.#errors.get(error) ?? 0) + 1);
      return;
    }
    this.#lastAt = now;
    this.#latency.add(now - connection.startedAt);
    this.#firstChunk.add(connection.firstChunkAt - connection.startedAt);
  }

  /** @param startedAt when the first request was due; the rate is counted until the last answer */
  result(startedAt: number, unanswered: number): Omit<JobResult, 'cpuShare'> {
    const seconds = (this.#lastAt - startedAt) / 1000;
    return {
      answers: this.#latency.count,
      perSecond: this.#latency.count === 0 ? 0 : this.#latency.count / seconds,
      latencyMs: this.#latency.latency(),
      firstChunkMs: this.#firstChunk.latency(),
      errors: Object.fromEntries(this.#errors),
      unanswered,
    };
  }
}
