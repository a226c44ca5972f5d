import { write } from 'node:fs';
import { type FileHandle, open, rename, unlink } from 'node:fs/promises';

/** One file of a charge journal: written to its end by one process, then read, renamed or deleted by any. */
export class JournalFile {
  readonly number: number;
  readonly path: string;
  /** Whole lines in it. */
  lines = 0;
  /** Those of them that must be kept. */
  left = 0;
  /** Bytes of whole lines in it. */
  bytes = 0;
  /** Lines in it cannot be read: it is kept aside when nothing else in it is left. */
  isDamaged = false;
  /** Somebody else has taken it away. */
  isGone = false;
  /** A write to it has failed, and it is not to be written to any more. */
  isSpent = false;
  #handle: FileHandle | null = null;
  #syncedBytes = 0;

  constructor(number: number, path: string) {
    this.number = number;
    this.path = path;
  }

  /** Creates the file on the disk, readable by its owner alone; rejects where there is one. */
  async create(): Promise<void> {
    this.#handle = await open(this.path, 'ax', 0o600);
  }

  /**
   * Writes whole lines to its end, which are left from then on. Where the disk does not take them all it takes none:
   * the file is cut back to where it ended, and is spent where that fails, or where it held something already.
   */
  async append(text: string, lines: number): Promise<void> {
    if (this.#handle === null) throw new Error('the file is closed');
    const chunk = Buffer.from(text);
    try {
      for (let offset = 0; offset < chunk.length; ) offset += await writeSome(this.#handle.fd, chunk, offset);
    } catch (error) {
      this.isSpent = this.bytes > 0;
      await this.#handle.truncate(this.bytes).catch(() => {
        this.isSpent = true;
      });
      throw error;
    }
    this.bytes += chunk.length;
    this.lines += lines;
    this.left += lines;
  }

  /** Whether it still has a name in a folder: what is written to a file without one is lost with the process. */
  async hasName(): Promise<boolean> {
    return this.#handle !== null && (await this.#handle.stat()).nlink > 0;
  }

  /** Resolves when what was written is on the disk, and the file's name with it. */
  async sync(folder: string): Promise<void> {
    const { bytes } = this;
    if (this.left === 0 || bytes === this.#syncedBytes) return;
    try {
      if (this.#syncedBytes === 0) await syncPath(folder);
      await syncPath(this.path);
    } catch (error) {
      // All that was in it may have been done with meanwhile.
      if (this.left > 0) throw error;
    }
    this.#syncedBytes = Math.max(this.#syncedBytes, bytes);
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = null;
  }

  /** Deletes it; keeps it under another name if it is damaged. */
  async remove(): Promise<void> {
    try {
      await (this.isDamaged ? rename(this.path, `${this.path}.damaged`) : unlink(this.path));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

/** With the callback of `node:fs`: the `write` of a file handle costs the event loop 2 µs more. */
function writeSome(fd: number, chunk: Buffer, offset: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(fd, chunk, offset, chunk.length - offset, null, (error, written) => {
      if (error !== null) reject(error);
      else if (written === 0) reject(new Error('the disk took nothing'));
      else resolve(written);
    });
  });
}

async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.datasync();
  } finally {
    await handle.close();
  }
}
