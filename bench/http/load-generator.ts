import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { GeneratorReply } from '../load/generator.ts';
import type { Job, JobResult } from '../load/job.ts';
import type { Cores } from './pinning.ts';
import { type RunningProcess, startProcess, stopProcess } from './start-process.ts';

/** The load generator's process, one job at a time. */
export class LoadGenerator {
  readonly #process: RunningProcess;

  private constructor(started: RunningProcess) {
    this.#process = started;
  }

  static async start(cores: Cores, folder: string): Promise<LoadGenerator> {
    const script = fileURLToPath(new URL('../load/generator.ts', import.meta.url));
    const plan = {
      name: 'load-generator',
      nodeArguments: [script],
      environment: {},
      cores,
      folder,
      port: null,
    };
    return new LoadGenerator(await startProcess(plan));
  }

  /** @throws Error when the candidate's answer is not the upstream's, or the generator ended */
  async run(job: Job): Promise<JobResult> {
    const { child } = this.#process;
    const waiting = new AbortController();
    const answered = once(child, 'message', { signal: waiting.signal });
    const ended = once(child, 'exit', { signal: waiting.signal }).then(() => {
      throw new Error('the load generator ended');
    });
    child.send(job);
    try {
      const [reply]: GeneratorReply[] = await Promise.race([answered, ended]);
      if (reply === undefined || 'error' in reply) {
        throw new Error(reply?.error ?? 'no reply');
      }
      return reply.result;
    } finally {
      waiting.abort();
      ended.catch(() => undefined);
      answered.catch(() => undefined);
    }
  }

  stop(): Promise<void> {
    return stopProcess(this.#process);
  }
}
