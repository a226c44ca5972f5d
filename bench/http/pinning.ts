import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** The cores that a process is kept on; null means any. */
export type Cores = readonly number[] | null;

/** Which cores the parts of the bench are kept on. */
export interface Pinning {
  /** In the order in which they are taken: a candidate has as many of the first as it has workers. */
  readonly candidate: Cores;
  readonly upstream: Cores;
  readonly generator: Cores;
  readonly text: string;
}

const unpinned = { candidate: null, upstream: null, generator: null };

/** Chooses among `cores`: a candidate of one process has a core of its own wherever there are two. */
export function choosePinning(
  cores: number = availableParallelism(),
  hasTaskset: boolean = spawnSync('taskset', ['--version']).status === 0,
): Pinning {
  if (cores < 2) {
    return { ...unpinned, text: 'nothing is pinned: one core' };
  }
  if (!hasTaskset) {
    return { ...unpinned, text: 'nothing is pinned: no `taskset`' };
  }
  if (cores === 2) {
    const text = 'candidate on core 0, upstream and load generator on core 1';
    return { candidate: [0, 1], upstream: [1], generator: [1], text };
  }
  const text = 'candidate on core 0, upstream on core 1, load generator on core 2';
  const unshared = Array.from({ length: cores - 3 }, (_, index) => index + 3);
  return { candidate: [0, ...unshared, 1, 2], upstream: [1], generator: [2], text };
}

/** The cores of a candidate with so many workers: those of upstream and load generator too where no others are left. */
export function candidateCores({ candidate }: Pinning, workers: number): Cores {
  return candidate?.slice(0, workers) ?? null;
}

/** The command that runs `words` on these cores. */
export function pinned(
  cores: Cores,
  words: readonly [string, ...string[]],
): { readonly file: string; readonly arguments: readonly string[] } {
  const [file, ...rest] = words;
  return cores === null
    ? { file, arguments: rest }
    : { file: 'taskset', arguments: ['-c', cores.join(','), ...words] };
}
