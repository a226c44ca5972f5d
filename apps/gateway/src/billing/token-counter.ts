import { setImmediate } from 'node:timers/promises';
import { type CountTokens, loadTokenizer } from '@gatewayz/pricing';
import type { Found } from './texts-of.ts';

/** What a counter runs on; the process's own by default. */
export interface TokenCounterOptions {
  readonly load?: () => Promise<CountTokens>;
  /** Milliseconds from any beginning. */
  readonly now?: () => number;
  /** Resolves in a later turn of the event loop. */
  readonly nextTurn?: () => Promise<unknown>;
}

/** As many characters of a request are counted; the others are taken to be like them. */
const COUNTED_CHARACTERS = 65_536;
/** No count is interrupted, and that of random letters takes milliseconds for so many. */
const PIECE_CHARACTERS = 512;
/** How long the event loop is kept at once, before the piece that is over it. */
const TURN_MS = 8;
/** Of what is not counted: a text may be dearer than its beginning. */
const BYTES_PER_TOKEN = 4;

/** What was counted of a request so far. */
interface Counted {
  characters: number;
  tokens: number;
}

/**
 * Counts the tokens of requests, one request after the other and each in pieces: however long they are and however
 * many, the event loop is never kept for more than a few milliseconds.
 */
export class TokenCounter {
  readonly #load: () => Promise<CountTokens>;
  readonly #now: () => number;
  readonly #nextTurn: () => Promise<unknown>;
  #turnAt = Number.NEGATIVE_INFINITY;
  #last: Promise<unknown> = Promise.resolve();

  constructor({
    load = loadTokenizer,
    now = () => performance.now(),
    nextTurn = setImmediate,
  }: TokenCounterOptions = {}) {
    this.#load = load;
    this.#now = now;
    this.#nextTurn = nextTurn;
  }

  /** The tokens of each part of one request; what comes first is counted most exactly. */
  count(parts: readonly Iterable<Found>[]): Promise<readonly number[]> {
    const counted = this.#last.then(() => this.#countAll(parts));
    this.#last = counted.catch(() => {});
    return counted;
  }

  async #countAll(parts: readonly Iterable<Found>[]): Promise<readonly number[]> {
    const count = await this.#load();
    const counted: Counted = { characters: 0, tokens: 0 };
    const sums: number[] = [];
    for (const part of parts) sums.push(await this.#sum(part, count, counted));
    return sums;
  }

  async #sum(part: Iterable<Found>, count: CountTokens, counted: Counted): Promise<number> {
    let tokens = 0;
    let characters = 0;
    let bytes = 0;
    for (const found of part) {
      if (this.#isTurnOver()) await this.#rest();
      if (typeof found === 'number') {
        tokens += found;
        continue;
      }
      let at = 0;
      while (at < found.length && counted.characters < COUNTED_CHARACTERS) {
        const piece = found.slice(at, at + PIECE_CHARACTERS);
        const ofPiece = count(piece);
        at += piece.length;
        counted.characters += piece.length;
        counted.tokens += ofPiece;
        tokens += ofPiece;
        if (this.#isTurnOver()) await this.#rest();
      }
      if (at === found.length) continue;
      characters += found.length - at;
      bytes += Buffer.byteLength(at === 0 ? found : found.slice(at));
    }
    const alike = counted.characters === 0 ? 0 : (characters * counted.tokens) / counted.characters;
    return tokens + Math.ceil(Math.max(alike, bytes / BYTES_PER_TOKEN));
  }

  #isTurnOver(): boolean {
    return this.#now() - this.#turnAt >= TURN_MS;
  }

  async #rest(): Promise<void> {
    await this.#nextTurn();
    this.#turnAt = this.#now();
  }
}
