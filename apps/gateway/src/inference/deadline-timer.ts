/** Who has deadlines, of which one at a time is the next. */
export interface DeadlineOwner {
  /** By `performance.now()`; may move on without anyone being told. */
  nextDeadlineAt(): number;
  deadlinePassed(now: number): void;
}

/**
 * One timer for deadlines that keep moving on: it is not touched when one moves, but looks again when it fires.
 * A deadline that comes closer needs `arm`.
 */
export class DeadlineTimer {
  readonly #owner: DeadlineOwner;
  #timer: NodeJS.Timeout | null = null;

  constructor(owner: DeadlineOwner) {
    this.#owner = owner;
  }

  arm(): void {
    this.clear();
    const waitMs = Math.max(1, Math.ceil(this.#owner.nextDeadlineAt() - performance.now()));
    this.#timer = setTimeout(look, waitMs, this);
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
