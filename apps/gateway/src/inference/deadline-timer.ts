/** Who has deadlines, of which one at a time is the next. */
export interface DeadlineOwner {
  /** By `performance.now()`; may move on without anyone being told. */
  nextDeadlineAt(): number;
  deadlinePassed(now: number): void;
}

/**
 * One timer for deadlines that keep moving on: it is not touched when one moves, but looks again when it fires, and
 * every `maxWaitMs` at least. Only a deadline that comes closer than that needs `arm`.
 */
export class DeadlineTimer {
  readonly #owner: DeadlineOwner;
  readonly #maxWaitMs: number;
  #timer: NodeJS.Timeout | null = null;

  constructor(owner: DeadlineOwner, maxWaitMs: number) {
    this.#owner = owner;
    this.#maxWaitMs = maxWaitMs;
  }

  arm(): void {
    this.clear();
    const waitMs = Math.min(this.#maxWaitMs, this.#owner.nextDeadlineAt() - performance.now());
    this.#timer = setTimeout(look, Math.max(1, Math.ceil(waitMs)), this);
  }

  clear(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  look(): void {
    this.#timer = null;
    const now = performance.now();
    if (now < this.#owner.nextDeadlineAt()) this.arm();
    else this.#owner.deadlinePassed(now);
  }
}

function look(timer: DeadlineTimer): void {
  timer.look();
}
