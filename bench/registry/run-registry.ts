import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { RegistryOptions } from '../options.ts';
import { median } from '../report/median.ts';
import type { HotFigures, Library, RenderFigures, Task, WorkerPlan } from './worker.ts';

/** Medians over the processes, in milliseconds. */
export interface RenderResult {
  readonly firstTotalMs: number;
  readonly firstStallMs: number;
  readonly totalMs: number;
  /** The longest stall of the usual render. */
  readonly stallMs: number;
  /** The longest stall of all renders of a process after its first. */
  readonly worstStallMs: number;
}

/** The figures of one library; those that could not be measured are missing, and `fault` says why. */
export interface LibraryResult {
  readonly incNs: number | null;
  readonly observeNs: number | null;
  /** Series → render. */
  readonly renders: ReadonlyMap<number, RenderResult>;
  readonly fault: string | null;
}

/** What the registry part measured. */
export interface RegistryResults {
  readonly sizes: readonly number[];
  readonly runs: number;
  readonly libraries: ReadonlyMap<Library, LibraryResult>;
}

const libraries: readonly Library[] = ['gatewayz', 'prom-client', 'prom-client-kept'];
const script = fileURLToPath(new URL('./worker.ts', import.meta.url));

function runWorker<T>(plan: WorkerPlan): T {
  const words = [script, JSON.stringify(plan)];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, {
    encoding: 'utf8',
    timeout: 120_000,
  });
  if (status !== 0) {
    throw new Error(stderr.split('\n').find((line) => line.includes('Error')) ?? `exit code ${status}`);
  }
  return JSON.parse(stdout);
}

function summarize(all: readonly RenderFigures[]): RenderResult {
  return {
    firstTotalMs: median(all.map(({ first }) => first.totalMs)),
    firstStallMs: median(all.map(({ first }) => first.stallMs)),
    totalMs: median(all.map(({ later }) => median(later.map(({ totalMs }) => totalMs)))),
    stallMs: median(all.map(({ later }) => median(later.map(({ stallMs }) => stallMs)))),
    worstStallMs: median(all.map(({ later }) => Math.max(...later.map(({ stallMs }) => stallMs)))),
  };
}

/** The results of every task by name: libraries take turns, so that a slow minute of the machine hits all of them. */
class Collected {
  readonly #figures = new Map<string, unknown[]>();
  readonly faults = new Map<Library, string>();

  measure(library: Library, task: Task): void {
    const key = `${library} ${JSON.stringify(task)}`;
    try {
      const figures = runWorker({ library, task });
      this.#figures.set(key, [...(this.#figures.get(key) ?? []), figures]);
    } catch (error) {
      this.faults.set(library, error instanceof Error ? error.message : String(error));
    }
  }

  hot(library: Library, kind: 'inc' | 'observe'): number | null {
    const all = this.#all<HotFigures>(library, { kind });
    return all.length === 0 ? null : median(all.map(({ nanoseconds }) => median(nanoseconds)));
  }

  render(library: Library, series: number): RenderResult | null {
    const all = this.#all<RenderFigures>(library, { kind: 'render', series });
    return all.length === 0 ? null : summarize(all);
  }

  #all<T>(library: Library, task: Task): T[] {
    return (this.#figures.get(`${library} ${JSON.stringify(task)}`) ?? []) as T[];
  }
}

/** Measures every library at every task, each in a fresh process. */
export function runRegistry(options: RegistryOptions, note: (line: string) => void): RegistryResults {
  const renders: readonly Task[] = options.sizes.map((series) => ({ kind: 'render', series }));
  const tasks: readonly Task[] = [{ kind: 'inc' }, { kind: 'observe' }, ...renders];
  const collected = new Collected();
  for (let run = 0; run < options.runs; run += 1) {
    note(`registry: run ${run + 1} of ${options.runs}`);
    for (const task of tasks) {
      for (const library of libraries) {
        if (task.kind !== 'render' || library !== 'prom-client-kept') {
          collected.measure(library, task);
        }
      }
    }
  }
  const results = libraries.map((library): [Library, LibraryResult] => {
    const known = options.sizes.map((series): [number, RenderResult | null] => [
      series,
      collected.render(library, series),
    ]);
    const measured = known.filter((entry): entry is [number, RenderResult] => entry[1] !== null);
    const incNs = collected.hot(library, 'inc');
    const observeNs = collected.hot(library, 'observe');
    const fault = collected.faults.get(library) ?? null;
    return [library, { incNs, observeNs, renders: new Map(measured), fault }];
  });
  return { sizes: options.sizes, runs: options.runs, libraries: new Map(results) };
}
