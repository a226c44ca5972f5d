import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** Which cores the parts of the bench are kept on; null means any. */
export interface Pinning {
  readonly candidate: number | null;
  readonly upstream: number | null;
  readonly generator: number | null;
  readonly text: string;
}

const unpinned = { candidate: null, upstream: null, generator: null };

/** Chooses cores for this machine: the candidate has one of its own wherever there are two. */
export function choosePinning(): Pinning {
  const cores = availableParallelism();
  if (cores < 2) {
    return { ...unpinned, text: 'nothing is pinned: one core' };
  }
  if (spawnSync('taskset', ['--version']).status !== 0) {
    return { ...unpinned, text: 'nothing is pinned: no `taskset`' };
  }
  if (cores === 2) {
    const text = 'candidate on core 0, upstream and load generator on core 1';
    return { candidate: 0, upstream: 1, generator: 1, text };
  }
  const text = 'candidate on core 0, upstream on core 1, load generator on core 2';
  return { candidate: 0, upstream: 1, generator: 2, text };
}

/** The command that runs `words` on one core. */
export function pinned(
  core: number | null,
  words: readonly [string, ...string[]],
): { readonly file: string; readonly arguments: readonly string[] } {
  const [file, ...rest] = words;
  return core === null
    ? { file, arguments: rest }
    : { file: 'taskset', arguments: ['-c', String(core), ...words] };
}
