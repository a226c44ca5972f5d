import type { Answer } from './answer.ts';

/** An answer, and what was made of it. */
export interface CachedAnswer {
  readonly answer: Answer;
  /** What a view made of the answer, kept with it. */
  text: string | null;
}

interface Entry {
  readonly asked: Promise<CachedAnswer>;
  /** Infinity while the answer is not there. */
  expiresAtMs: number;
}

const PROMETHEUS_LIFE_MS = 5000;
/** Its own numbers cost a process little: what a request changed is seen soon after. */
const LOCAL_LIFE_MS = 1000;
const MOST_ENTRIES = 64;

/** Answers by what was asked: whoever asks while an answer is under way or fresh gets that one. */
export class AnswerCache {
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();

  constructor(now: () => number) {
    this.#now = now;
  }

  get(key: string, ask: () => Promise<Answer>): Promise<CachedAnswer> {
    const kept = this.#entries.get(key);
    if (kept !== undefined && this.#now() < kept.expiresAtMs) return kept.asked;
    const entry: Entry = { asked: this.#ask(key, ask), expiresAtMs: Number.POSITIVE_INFINITY };
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    this.#forgetOldest();
    return entry.asked;
  }

  async #ask(key: string, ask: () => Promise<Answer>): Promise<CachedAnswer> {
    try {
      const answer = await ask();
      const entry = this.#entries.get(key);
      const lifeMs = answer.source === 'prometheus' ? PROMETHEUS_LIFE_MS : LOCAL_LIFE_MS;
      if (entry !== undefined) entry.expiresAtMs = answer.answeredAtMs + lifeMs;
      return { answer, text: null };
    } catch (error) {
      this.#entries.delete(key);
      throw error;
    }
  }

  #forgetOldest(): void {
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > MOST_ENTRIES && oldest !== undefined) this.#entries.delete(oldest);
  }
}
