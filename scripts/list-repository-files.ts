import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Lists the files that belong to the repository (tracked, or new and not ignored), relative to its root. */
export function listRepositoryFiles(root: string): readonly string[] {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const output = execFileSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  // A file that was deleted but not committed is still listed.
  return [...new Set(output.split('\0'))].filter((file) => file !== '' && existsSync(join(root, file)));
}
