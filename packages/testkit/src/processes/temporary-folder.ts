import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder that is there until `dispose()`; usable with `await using`. */
export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string;
  /** Writes a file into it and gives the file's path. */
  write(name: string, content: string): Promise<string>;
  dispose(): Promise<void>;
}

/** Makes an empty folder of its own under the system's temporary one. */
export async function temporaryFolder(prefix = 'gatewayz-test-'): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), prefix));
  const dispose = (): Promise<void> => rm(path, { recursive: true, force: true, maxRetries: 3 });
  return {
    path,
    dispose,
    [Symbol.asyncDispose]: dispose,
    write: async (name, content) => {
      const file = join(path, name);
      await writeFile(file, content);
      return file;
    },
  };
}
