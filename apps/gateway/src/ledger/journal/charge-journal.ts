import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { JournalFile } from './journal-file.ts';
import { JournalFiles } from './journal-files.ts';
import { lockJournal } from './journal-lock.ts';
import { LineBatches } from './line-batches.ts';

/** An entry of the journal that has not been done with: known by its identity. */
export interface JournalEntry {
  readonly text: string;
}

/** Where and how a journal is kept. */
export interface ChargeJournalOptions {
  /** Made where it is not there. */
  readonly folder: string;
  /** What the names of its files begin with; one process at a time may have a journal of this name in the folder. */
  readonly prefix: string;
  /** Hears of what cannot be read, and of files that cannot be closed, deleted or moved; never of entries' contents. */
  readonly onTrouble: (message: string, error: unknown) => void;
  /** Bytes from which on another file is begun; 1 MiB by default. */
  readonly maxFileBytes?: number;
}

/** A list of charges on the disk that outlives the process. */
export interface ChargeJournal {
  /**
   * What an earlier process left, oldest first, less what has been done with since; a new list with each reading.
   * Some of it may have been done with before, or be there twice: the files do not tell.
   */
  readonly left: readonly JournalEntry[];
  /** Entries that are not done with. */
  readonly size: number;
  /**
   * Keeps one line of JSON, which must be without line breaks. Resolves when the operating system has it: then it
   * outlives the process. Rejects with the system's error where the disk does not take it: then it is not kept.
   * Entries of one turn of the event loop are one write.
   */
  append(text: string): Promise<JournalEntry>;
  /** These need not be kept any longer: a file of which none is left is deleted. Never throws. */
  done(entries: readonly JournalEntry[]): void;
  /** Resolves when all that was appended so far is on the disk, and outlives a loss of power. */
  sync(): Promise<void>;
  /** Resolves when what was appended is written, and files of which nothing is left are deleted. */
  close(): Promise<void>;
}

const MAX_FILE_BYTES = 1024 * 1024;
/** The last entries of a file move on when so many files have been begun after it … */
const FILES_UNTIL_MOVE = 4;
/** … and they are no more than this part of a full file: so much of what is written can be repetition. */
const MOVED_PART = 1 / 8;

/**
 * Opens the journal with what an earlier process left in it; rejects where the folder cannot be made or listed, and with
 * a `SqlError` (`locked`) where another process has a journal of this name there.
 */
export async function openChargeJournal(options: ChargeJournalOptions): Promise<ChargeJournal> {
  await mkdir(options.folder, { recursive: true, mode: 0o700 });
  const unlock = lockJournal(join(options.folder, `${options.prefix}.lock`));
  const journal = new FileJournal(options, unlock);
  try {
    await journal.load();
  } catch (error) {
    unlock();
    throw error;
  }
  return journal;
}

class FileJournal implements ChargeJournal {
  readonly #options: Required<ChargeJournalOptions>;
  readonly #unlock: () => void;
  readonly #files: JournalFiles;
  readonly #batches: LineBatches<JournalFile>;
  /** All that is not done with, oldest first, and where it is. */
  readonly #entries = new Map<JournalEntry, JournalFile>();
  readonly #loaded = new Set<JournalEntry>();
  #newestFile = 0;
  #moving: Promise<void> | null = null;
  #isClosed = false;

  constructor(options: ChargeJournalOptions, unlock: () => void) {
    this.#unlock = unlock;
    this.#options = { maxFileBytes: MAX_FILE_BYTES, ...options };
    this.#files = new JournalFiles(this.#options);
    this.#batches = new LineBatches(async (text, lines) => {
      const file = await this.#files.append(text, lines);
      if (file.number > this.#newestFile) this.#onNewFile(file.number);
      return file;
    });
  }

  get left(): readonly JournalEntry[] {
    return [...this.#loaded];
  }

  get size(): number {
    return this.#entries.size;
  }

  async load(): Promise<void> {
    await this.#files.load((text, file) => {
      const entry: JournalEntry = { text };
      this.#entries.set(entry, file);
      this.#loaded.add(entry);
    });
  }

  append(text: string): Promise<JournalEntry> {
    if (this.#isClosed) return Promise.reject(new Error('the journal is closed'));
    const entry: JournalEntry = { text };
    return this.#batches.add(`${text}\n`, 1).then((file) => {
      this.#entries.set(entry, file);
      return entry;
    });
  }

  done(entries: readonly JournalEntry[]): void {
    for (const entry of entries) {
      const file = this.#entries.get(entry);
      if (file === undefined) continue;
      this.#entries.delete(entry);
      this.#loaded.delete(entry);
      this.#files.release(file, 1);
    }
  }

  async sync(): Promise<void> {
    await this.#batches.settled();
    await this.#moving;
    await this.#files.sync();
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#batches.idle();
    await this.#moving;
    await this.#files.close();
    this.#unlock();
  }

  #onNewFile(number: number): void {
    this.#newestFile = number;
    if (this.#moving !== null) return;
    const entries = this.#lastEntries(number - FILES_UNTIL_MOVE);
    if (entries.length === 0) return;
    this.#moving = this.#move(entries).finally(() => {
      this.#moving = null;
    });
  }

  /** The few entries that files up to this number are still kept for, and all of files that are gone. */
  #lastEntries(newest: number): readonly JournalEntry[] {
    const mostBytes = this.#options.maxFileBytes * MOVED_PART;
    const old = new Set<JournalFile>();
    let count = 0;
    for (const file of this.#files) {
      const isNearlyDone = file.number <= newest && (file.bytes / file.lines) * file.left <= mostBytes;
      if (!file.isGone && !isNearlyDone) continue;
      old.add(file);
      count += file.left;
    }
    const entries: JournalEntry[] = [];
    for (const [entry, file] of this.#entries) {
      if (entries.length === count) break;
      if (old.has(file)) entries.push(entry);
    }
    return entries;
  }

  /** Repeats old entries in the current file, so that theirs can go. */
  async #move(entries: readonly JournalEntry[]): Promise<void> {
    try {
      const text = entries.map((entry) => `${entry.text}\n`).join('');
      const target = await this.#batches.add(text, entries.length);
      // What a loss of power would have spared must not be deleted before the repetition is as safe.
      await target.sync(this.#options.folder).catch((error) => {
        this.#files.release(target, entries.length);
        throw error;
      });
      for (const entry of entries) {
        const file = this.#entries.get(entry);
        if (file !== undefined) this.#entries.set(entry, target);
        this.#files.release(file ?? target, 1);
      }
    } catch (error) {
      this.#options.onTrouble('old entries of the journal could not be moved', error);
    }
  }
}
