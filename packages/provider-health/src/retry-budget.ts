import { requireNumber } from './require-option.ts';

/** How many retries a budget allows. */
export interface RetryBudgetOptions {
  /** Retries that each request earns. Default 0.2. */
  readonly ratio?: number;
  /** Earned retries that can be saved up. Default 50. */
  readonly maxSaved?: number;
  /** Retries a second that need no request to earn them, so that a quiet gateway can retry at all. Default 1. */
  readonly floorPerSecond?: number;
  /** Floor retries that can be saved up; a new budget starts with them. Default 3. */
  readonly floorBurst?: number;
}

/**
 * A bound on retries, so that a failing provider is not stormed: over any time, retries ≤ ratio × requests +
 * floorPerSecond × seconds + maxSaved + floorBurst.
 */
export interface RetryBudget {
  /** A request arrived; counted once, whatever the number of its attempts. */
  deposit(): void;
  /** Takes one retry where there is one; earned ones go before those of the floor. */
  tryWithdraw(nowMs: number): boolean;
  /** Retries that could be taken now. */
  available(nowMs: number): number;
}

/** Makes a budget that holds only its floor; throws a RangeError for an option out of bounds. */
export function createRetryBudget(options: RetryBudgetOptions = {}): RetryBudget {
  const ratio = requireNumber('ratio', options.ratio ?? 0.2, 0, 1);
  const maxSaved = requireNumber('maxSaved', options.maxSaved ?? 50, 0);
  const floorPerSecond = requireNumber('floorPerSecond', options.floorPerSecond ?? 1, 0);
  const floorBurst = requireNumber('floorBurst', options.floorBurst ?? 3, 0);
  return new TwoPurses({ ratio, maxSaved, floorPerSecond, floorBurst });
}

// Thousandths of a retry in whole numbers: ten deposits of 0.1 must make one retry.
const RETRY = 1000;

class TwoPurses implements RetryBudget {
  readonly #perRequest: number;
  readonly #maxEarned: number;
  readonly #floorPerMs: number;
  readonly #maxFloor: number;
  #earned = 0;
  #floor: number;
  #atMs = Number.NaN;

  constructor(options: Required<RetryBudgetOptions>) {
    this.#perRequest = Math.round(options.ratio * RETRY);
    this.#maxEarned = options.maxSaved * RETRY;
    this.#floorPerMs = options.floorPerSecond;
    this.#maxFloor = options.floorBurst * RETRY;
    this.#floor = this.#maxFloor;
  }

  deposit(): void {
    this.#earned = Math.min(this.#earned + this.#perRequest, this.#maxEarned);
  }

  tryWithdraw(nowMs: number): boolean {
    this.#refill(nowMs);
    if (this.#earned >= RETRY) this.#earned -= RETRY;
    else if (this.#floor >= RETRY) this.#floor -= RETRY;
    else return false;
    return true;
  }

  available(nowMs: number): number {
    this.#refill(nowMs);
    return Math.floor(this.#earned / RETRY) + Math.floor(this.#floor / RETRY);
  }

  #refill(nowMs: number): void {
    // One thousandth of a retry a millisecond is one retry a second. Time that runs backwards adds nothing.
    const elapsedMs = nowMs - this.#atMs;
    if (elapsedMs > 0) this.#floor = Math.min(this.#floor + elapsedMs * this.#floorPerMs, this.#maxFloor);
    if (!(elapsedMs <= 0)) this.#atMs = nowMs;
  }
}
