import { spawnSync } from 'node:child_process';
import { delimiter } from 'node:path';

/** The `PATH` of the host's own Node where that is older than the packages ask for; null where it is not. */
export function findOlderNode(): string | null {
  const isOfTheHost = (folder: string): boolean => !folder.includes('node_modules');
  const path = (process.env.PATH ?? '').split(delimiter).filter(isOfTheHost).join(delimiter);
  const { stdout } = spawnSync('node', ['-p', 'process.versions.node'], {
    env: { PATH: path },
    encoding: 'utf8',
  });
  return Number.parseInt(stdout ?? '', 10) < 22 ? path : null;
}
