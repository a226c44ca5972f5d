import type { Counter } from './counter.ts';
import { checkDeadline, GuardedTask } from './guarded-task.ts';
import { MetricDefinitionError } from './metric-definition-error.ts';

/** Sets metrics at scrape time. It must settle once its signal is aborted: while it hangs it is not run again. */
export type Collect = (signal: AbortSignal) => void | Promise<void>;

export const DEFAULT_DEADLINE_MS = 500;

/** The registry's collectors: each alone, side by side, with its own deadline. */
export class Collectors {
  readonly #tasks = new Map<string, GuardedTask<void>>();
  readonly #errors: Counter<'collector'> | null;

  constructor(errors: Counter<'collector'> | null) {
    this.#errors = errors;
  }

  add(name: string, collect: Collect, deadlineMs: number = DEFAULT_DEADLINE_MS): () => void {
    checkDeadline(deadlineMs);
    if (typeof name !== 'string' || name === '' || this.#tasks.has(name)) {
      throw new MetricDefinitionError('duplicate_name', 'a collector needs a name of its own', name);
    }
    const task = new GuardedTask<void>(collect, deadlineMs);
    this.#tasks.set(name, task);
    this.#errors?.labels({ collector: name });
    return () => {
      if (this.#tasks.get(name) === task) {
        this.#tasks.delete(name);
      }
    };
  }

  async run(): Promise<void> {
    await Promise.all(
      Array.from(this.#tasks, async ([name, task]) => {
        const outcome = await task.run();
        if (outcome.kind !== 'done') {
          this.#errors?.labels({ collector: name }).inc();
        }
      }),
    );
  }
}
