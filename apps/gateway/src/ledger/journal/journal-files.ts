import { join } from 'node:path';
import { JournalFile } from './journal-file.ts';
import { listLeftFiles, readJournalLines } from './journal-reading.ts';

/** Where the files of a journal are. */
export interface JournalFilesOptions {
  readonly folder: string;
  readonly prefix: string;
  readonly maxFileBytes: number;
  readonly onTrouble: (message: string, error: unknown) => void;
}

/** How long the current file stays when nothing in it is left. */
const REST_MS = 1000;
/** How often to see whether the current file is still in its folder. */
const LOOK_MS = 1000;

/** The files of a journal: the current one, which is written to, and older ones of which something is left. */
export class JournalFiles {
  readonly #options: JournalFilesOptions;
  /** Oldest first. */
  readonly #files = new Set<JournalFile>();
  #current: JournalFile | null = null;
  #nextNumber = 1;
  #lookedAtMs = 0;
  #isWriting = false;
  #rest: NodeJS.Timeout | null = null;
  #tidying: Promise<void> = Promise.resolve();

  constructor(options: JournalFilesOptions) {
    this.#options = options;
  }

  [Symbol.iterator](): Iterator<JournalFile> {
    return this.#files.values();
  }

  /** Reads what an earlier process left, oldest first; rejects where the folder cannot be listed. */
  async load(keep: (text: string, file: JournalFile) => void): Promise<void> {
    const { folder, prefix, onTrouble } = this.#options;
    for (const { name, number, isKeptAside } of await listLeftFiles(folder, prefix)) {
      this.#nextNumber = number + 1;
      if (isKeptAside) continue;
      try {
        await this.#loadFile(new JournalFile(number, join(folder, name)), keep);
      } catch (error) {
        onTrouble(`${name} cannot be read, and is left as it is`, error);
      }
    }
    await this.#tidying;
  }

  /** Writes whole lines to the current file, or to a new one; calls must not overlap. */
  async append(text: string, lines: number): Promise<JournalFile> {
    this.#isWriting = true;
    try {
      const file = (await this.#usable()) ?? (await this.#begin());
      await file.append(text, lines);
      return file;
    } finally {
      this.#isWriting = false;
      if (this.#current?.isSpent) this.#seal(this.#current);
      else if (this.#current?.left === 0) this.#restSoon();
    }
  }

  /** So many lines of the file need not be kept any longer. */
  release(file: JournalFile, lines: number): void {
    file.left -= lines;
    if (file.left > 0) return;
    if (file === this.#current) this.#restSoon();
    else this.#remove(file);
  }

  async sync(): Promise<void> {
    await Promise.all([...this.#files].map((file) => file.sync(this.#options.folder)));
  }

  async close(): Promise<void> {
    if (this.#rest !== null) clearTimeout(this.#rest);
    if (this.#current !== null) this.#seal(this.#current);
    await this.#tidying;
  }

  async #loadFile(file: JournalFile, keep: (text: string, file: JournalFile) => void): Promise<void> {
    const { texts, unreadable, bytes } = await readJournalLines(file.path);
    const name = `${this.#options.prefix}.${file.number}.jsonl`;
    if (unreadable > 0) this.#options.onTrouble(`${unreadable} lines of ${name} cannot be read`, null);
    file.isDamaged = unreadable > 0;
    file.bytes = bytes;
    file.lines = texts.length;
    file.left = texts.length;
    this.#files.add(file);
    for (const text of texts) keep(text, file);
    if (file.left === 0) this.#remove(file);
  }

  /** The current file, as long as it can take more. */
  async #usable(): Promise<JournalFile | null> {
    const file = this.#current;
    if (file === null) return null;
    if (file.bytes < this.#options.maxFileBytes && (await this.#isThere(file))) return file;
    this.#seal(file);
    return null;
  }

  /** A file that somebody took away still takes what is written, and gives it to nobody. */
  async #isThere(file: JournalFile): Promise<boolean> {
    const nowMs = performance.now();
    if (nowMs - this.#lookedAtMs < LOOK_MS) return true;
    this.#lookedAtMs = nowMs;
    if (await file.hasName()) return true;
    this.#giveUpFiles();
    return false;
  }

  #giveUpFiles(): void {
    const given = [...this.#files].filter(({ isGone }) => !isGone);
    if (given.length > 0) this.#options.onTrouble('the files of the journal have been taken away', null);
    for (const file of given) file.isGone = true;
  }

  async #begin(): Promise<JournalFile> {
    const { folder, prefix } = this.#options;
    const number = this.#nextNumber;
    this.#nextNumber += 1;
    const file = new JournalFile(number, join(folder, `${prefix}.${number}.jsonl`));
    await file.create().catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') this.#giveUpFiles();
      throw error;
    });
    this.#files.add(file);
    this.#current = file;
    this.#lookedAtMs = performance.now();
    return file;
  }

  /** An idle gateway leaves nothing behind; a busy one does not begin a file for every request. */
  #restSoon(): void {
    if (this.#rest !== null) return;
    this.#rest = setTimeout(() => {
      this.#rest = null;
      if (this.#current?.left === 0 && !this.#isWriting) this.#seal(this.#current);
    }, REST_MS);
    this.#rest.unref();
  }

  #seal(file: JournalFile): void {
    this.#current = null;
    this.#tidy(file, 'closed', () => file.close());
    if (file.left === 0) this.#remove(file);
  }

  #remove(file: JournalFile): void {
    this.#files.delete(file);
    this.#tidy(file, 'removed', () => file.remove());
  }

  #tidy({ number }: JournalFile, verb: string, work: () => Promise<void>): void {
    const { prefix, onTrouble } = this.#options;
    this.#tidying = this.#tidying
      .then(work)
      .catch((error) => onTrouble(`${prefix}.${number}.jsonl could not be ${verb}`, error));
  }
}
