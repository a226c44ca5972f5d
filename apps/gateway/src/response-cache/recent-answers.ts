import type { CachedAnswer } from './cached-answer.ts';

interface Entry {
  readonly answer: CachedAnswer;
  readonly bytes: number;
  readonly endsAtMs: number;
}

/** What an entry takes beside its body, roughly. */
const ENTRY_BYTES = 512;

/** Answers in memory up to a number of bytes: the one that was not asked for the longest goes first. */
export class RecentAnswers {
  readonly #entries = new Map<string, Entry>();
  readonly #maxBytes: number;
  bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get(key: string, nowMs: number): CachedAnswer | null {
    const entry = this.#entries.get(key);
    if (entry === undefined) return null;
    this.#delete(key, entry);
    if (nowMs >= entry.endsAtMs) return null;
    this.#add(key, entry);
    return entry.answer;
  }

  set(key: string, answer: CachedAnswer, endsAtMs: number): void {
    const former = this.#entries.get(key);
    if (former !== undefined) this.#delete(key, former);
    // Bodies may be parts of larger buffers, which would stay with them.
    const own = { ...answer, body: Buffer.from(answer.body) };
    this.#add(key, { answer: own, bytes: answer.body.length + ENTRY_BYTES, endsAtMs });
    for (const [oldest, entry] of this.#entries) {
      if (this.bytes <= this.#maxBytes) return;
      this.#delete(oldest, entry);
    }
  }

  #add(key: string, entry: Entry): void {
    this.#entries.set(key, entry);
    this.bytes += entry.bytes;
  }

  #delete(key: string, { bytes }: Entry): void {
    this.#entries.delete(key);
    this.bytes -= bytes;
  }
}
