import { close, constants, fstatSync, openSync, write, writeSync } from 'node:fs';
import { LineBytes } from './line-bytes.ts';

/** Lines of one sink: `written` = `delivered` + `dropped` + `queued`, at every moment. */
export interface StdoutCounts {
  readonly written: number;
  readonly delivered: number;
  readonly dropped: number;
  readonly queued: number;
}

export interface StdoutOptions {
  /** Default 1. */
  readonly fd?: number;
  /** Bytes that wait at most, over which lines are dropped; default 8 million. */
  readonly maxQueued?: number;
}

/**
 * Writes lines to a descriptor without ever waiting for its reader. Not sonic-boom: that one counts bytes, and after
 * a broken pipe what it held is gone without a count.
 */
export interface StdoutSink {
  /** Takes a line without its line end. */
  write(line: string): void;
  counts(): StdoutCounts;
  /** Resolves when all is written or lost, or after the budget. */
  flush(budgetMs: number): Promise<void>;
  /** Flushes, then counts what is left as dropped. Never rejects. */
  close(budgetMs: number): Promise<void>;
}

const CHUNK = 16_384;
const MAX_WAIT_MS = 20;
const RETRY_MS = 5;

/**
 * A pipe or terminal is opened once more, so that this end of it, and only it, does not block. A write that blocks in
 * the thread pool would keep the process from exiting.
 */
function openWithoutBlocking(fd: number): number {
  try {
    const stat = fstatSync(fd);
    if (!stat.isFIFO() && !stat.isCharacterDevice()) return fd;
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return fd;
  }
}

function isBusy(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'EAGAIN' || code === 'EBUSY' || code === 'EINTR';
}

function countLines(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) lines += 1;
  return lines;
}

class DescriptorSink implements StdoutSink {
  readonly #fd: number;
  readonly #ownsFd: boolean;
  readonly #maxQueued: number;
  readonly #waiting = new LineBytes();
  /** What is being written, from its first unwritten byte; `null` where nothing is. */
  #chunk: Buffer | null = null;
  #chunkLines = 0;
  #timer: NodeJS.Timeout | null = null;
  #isClosed = false;
  #written = 0;
  #delivered = 0;
  #dropped = 0;
  readonly #waiters = new Set<() => void>();
  readonly #onExit = (): void => this.#flushSync();

  constructor({ fd = 1, maxQueued = 8_000_000 }: StdoutOptions) {
    this.#fd = openWithoutBlocking(fd);
    this.#ownsFd = this.#fd !== fd;
    this.#maxQueued = maxQueued;
    process.once('exit', this.#onExit);
  }

  write(line: string): void {
    this.#written += 1;
    const length = this.#waiting.length + (this.#chunk?.length ?? 0) + line.length;
    if (this.#isClosed || length > this.#maxQueued) {
      this.#dropped += 1;
      return;
    }
    this.#waiting.add(line);
    if (this.#chunk !== null) return;
    if (this.#waiting.length >= CHUNK) this.#next();
    else this.#timer ??= setTimeout(() => this.#next(), MAX_WAIT_MS).unref();
  }

  counts(): StdoutCounts {
    return {
      written: this.#written,
      delivered: this.#delivered,
      dropped: this.#dropped,
      queued: this.#waiting.lines + this.#chunkLines,
    };
  }

  flush(budgetMs: number): Promise<void> {
    if (this.#chunk === null) this.#next();
    if (this.#chunk === null) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiters.delete(done);
        resolve();
      };
      const timer = setTimeout(done, budgetMs);
      this.#waiters.add(done);
    });
  }

  async close(budgetMs: number): Promise<void> {
    if (this.#isClosed) return;
    await this.flush(budgetMs);
    this.#isClosed = true;
    process.removeListener('exit', this.#onExit);
    this.#loseAll();
    if (this.#ownsFd) close(this.#fd, () => {});
  }

  /** Makes a chunk of what waits and begins to write it. */
  #next(): void {
    this.#stopTimer();
    if (this.#fill()) this.#write();
    else this.#tellIdle();
  }

  #fill(): boolean {
    if (this.#waiting.lines === 0) return false;
    this.#chunkLines = this.#waiting.lines;
    this.#chunk = this.#waiting.take();
    return true;
  }

  #write(): void {
    if (this.#chunk === null || this.#isClosed) return;
    if (this.#ownsFd) this.#writeNow(this.#chunk);
    else this.#writeInPool(this.#chunk);
  }

  #writeNow(chunk: Buffer): void {
    let bytes: number;
    try {
      bytes = writeSync(this.#fd, chunk);
    } catch (error) {
      this.#failed(error);
      return;
    }
    this.#advance(bytes);
  }

  #writeInPool(chunk: Buffer): void {
    write(this.#fd, chunk, 0, chunk.length, null, (error, bytes) => {
      if (this.#chunk !== chunk) return;
      if (error === null) this.#advance(bytes);
      else this.#failed(error);
    });
  }

  #failed(error: unknown): void {
    if (isBusy(error)) this.#timer = setTimeout(() => this.#write(), RETRY_MS).unref();
    else this.#loseChunk();
  }

  #advance(bytes: number): void {
    if (this.#take(bytes)) this.#next();
    else this.#write();
  }

  /** Counts the lines that are out whole; whether the chunk is finished. */
  #take(bytes: number): boolean {
    const chunk = this.#chunk as Buffer;
    const lines = countLines(chunk.subarray(0, bytes));
    this.#delivered += lines;
    this.#chunkLines -= lines;
    this.#chunk = bytes >= chunk.length ? null : chunk.subarray(bytes);
    return this.#chunk === null;
  }

  /** The descriptor refuses (reader gone, disk full): this chunk is lost, the next one is tried. */
  #loseChunk(): void {
    this.#dropped += this.#chunkLines;
    this.#chunk = null;
    this.#chunkLines = 0;
    if (this.#waiting.lines === 0) this.#tellIdle();
    else this.#timer = setTimeout(() => this.#next(), RETRY_MS).unref();
  }

  #loseAll(): void {
    this.#stopTimer();
    this.#dropped += this.#chunkLines + this.#waiting.lines;
    this.#chunk = null;
    this.#chunkLines = 0;
    this.#waiting.clear();
  }

  /** The last chance of a process that exits: as much as the descriptor takes at once. */
  #flushSync(): void {
    this.#isClosed = true;
    // What the thread pool has is still written: the process waits for it as it exits.
    if (!this.#ownsFd && this.#chunk !== null) this.#take(this.#chunk.length);
    try {
      while (this.#chunk !== null || this.#fill()) {
        this.#take(writeSync(this.#fd, this.#chunk as Buffer));
      }
    } catch {
      // nobody reads it any more
    }
    this.#loseAll();
  }

  #tellIdle(): void {
    for (const done of this.#waiters) done();
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}

/** Makes the sink of a descriptor, standard output by default. */
export function createStdoutSink(options: StdoutOptions = {}): StdoutSink {
  return new DescriptorSink(options);
}
