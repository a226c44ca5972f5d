/**
 * Worker thread that posts a message each time a request is due. Timers of the event loop have whole milliseconds;
 * a timed wait on shared memory wakes within about 60 µs and leaves the core free meanwhile.
 */
import { parentPort, workerData } from 'node:worker_threads';

/** What the pacer is started with; times are milliseconds of the monotonic clock that all threads share. */
export interface PacerPlan {
  readonly startsAt: number;
  readonly intervalMs: number;
  readonly count: number;
}

/** Milliseconds of the monotonic clock, the same in every thread. */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}

function pace(plan: PacerPlan, port: NonNullable<typeof parentPort>): void {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  for (let index = 0; index < plan.count; index += 1) {
    const wait = plan.startsAt + index * plan.intervalMs - monotonicMs();
    if (wait > 0) {
      Atomics.wait(cell, 0, 0, wait);
    }
    port.postMessage(index);
  }
}

if (parentPort) {
  pace(workerData as PacerPlan, parentPort);
}
