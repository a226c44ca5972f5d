import { Worker } from 'node:worker_threads';
import type { JobResult } from './job.ts';
import { LoadConnection, type Traffic } from './load-connection.ts';
import { monotonicMs, type PacerPlan } from './pacer.ts';
import { Recorder } from './recorder.ts';

const LEAD_MS = 100;
const DRAIN_MS = 500;

/**
 * Requests that are due at a fixed rate, whatever the answers do. One that finds all connections busy waits for the
 * next free one, and its wait is part of its latency: no coordinated omission.
 */
export class OpenLoop {
  readonly #traffic: Traffic;
  readonly #recorder = new Recorder();
  readonly #idle: LoadConnection[] = [];
  readonly #all = new Set<LoadConnection>();
  readonly #due: number[] = [];
  readonly #maxConnections: number;
  #dueHead = 0;
  #settled = 0;

  constructor(target: Omit<Traffic, 'onAnswer' | 'onClose'>, maxConnections: number) {
    this.#maxConnections = maxConnections;
    this.#traffic = {
      ...target,
      onAnswer: (connection, error) => {
        this.#settled += 1;
        this.#recorder.add(connection, error, performance.now());
        this.#release(connection);
      },
      onClose: (connection) => {
        this.#all.delete(connection);
        const index = this.#idle.indexOf(connection);
        if (index >= 0) {
          this.#idle.splice(index, 1);
        }
      },
    };
  }

  async run(ratePerSecond: number, seconds: number): Promise<Omit<JobResult, 'cpuShare'>> {
    const plan: PacerPlan = {
      startsAt: monotonicMs() + LEAD_MS,
      intervalMs: 1000 / ratePerSecond,
      count: Math.round(ratePerSecond * seconds),
    };
    const startsAt = plan.startsAt + (performance.now() - monotonicMs());
    await this.#pace(plan, startsAt);
    const drainUntil = performance.now() + DRAIN_MS;
    while (this.#settled < plan.count && performance.now() < drainUntil) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const result = this.#recorder.result(startsAt, plan.count - this.#settled);
    for (const connection of this.#all) {
      connection.close();
    }
    return result;
  }

  #pace(plan: PacerPlan, startsAt: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const pacer = new Worker(new URL('./pacer.ts', import.meta.url), { workerData: plan });
      pacer.on('message', (index: number) => {
        this.#due.push(startsAt + index * plan.intervalMs);
        this.#sendDue();
      });
      pacer.on('error', reject);
      pacer.on('exit', () => resolve());
    });
  }

  #sendDue(): void {
    while (this.#dueHead < this.#due.length) {
      const connection = this.#idle.pop() ?? this.#open();
      if (connection === null) {
        return;
      }
      connection.send(this.#due[this.#dueHead] ?? 0);
      this.#dueHead += 1;
    }
  }

  #open(): LoadConnection | null {
    if (this.#all.size >= this.#maxConnections) {
      return null;
    }
    const connection = new LoadConnection(this.#traffic);
    this.#all.add(connection);
    return connection;
  }

  #release(connection: LoadConnection): void {
    if (this.#all.has(connection)) {
      this.#idle.push(connection);
      this.#sendDue();
    }
  }
}
