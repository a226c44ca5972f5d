/** More outages of one provider than this within a model's longest interval are no longer told apart. */
const OUTAGES_KEPT = 200;
/** The edges of an outage are known to the time between two checks of a provider in trouble. */
const EDGE_MS = 60_000;

/** A time of a provider down. The last failure vouches for some time after it, so `toMs` is only ever moved on. */
export type Outage = { readonly fromMs: number; toMs: number };

/** When a provider as a whole was down lately, by its own results: models that were not probed then were down too. */
export class ProviderOutages {
  readonly #failuresUntilDown: number;
  readonly #ended: Outage[] = [];
  #running: Outage | null = null;
  #failures = 0;

  constructor(failuresUntilDown: number) {
    this.#failuresUntilDown = failuresUntilDown;
  }

  /** True while failures run that may or may not become an outage. */
  get isUndecided(): boolean {
    return this.#running !== null && this.#down() === null;
  }

  /** Takes in a result that vouches for the time from `fromMs` up to itself. */
  add(isUp: boolean, fromMs: number, atMs: number): void {
    if (isUp) {
      this.end();
      return;
    }
    this.#failures += 1;
    this.#running ??= { fromMs, toMs: atMs };
    this.lengthen(atMs);
  }

  /** The last failure vouches for the time after it, up to here. */
  lengthen(toMs: number): void {
    if (this.#running !== null) this.#running.toMs = Math.max(this.#running.toMs, toMs);
  }

  /** The outage that explains why a model failed at this time. */
  at(atMs: number): Outage | null {
    const hasBegun = ({ fromMs }: Outage): boolean => fromMs <= atMs + EDGE_MS;
    const running = this.#down();
    if (running !== null && hasBegun(running)) return running;
    return this.#ended.findLast((outage) => hasBegun(outage) && atMs <= outage.toMs + EDGE_MS) ?? null;
  }

  /** How much of a time range lies in outages; a few failures that are not yet one do not count. */
  overlapMs(fromMs: number, toMs: number): number {
    const within = (outage: Outage): number =>
      Math.max(0, Math.min(toMs, outage.toMs) - Math.max(fromMs, outage.fromMs));
    const running = this.#down();
    let sum = running === null ? 0 : within(running);
    for (let index = this.#ended.length - 1; index >= 0; index--) {
      const outage = this.#ended[index];
      if (outage === undefined || outage.toMs <= fromMs) break;
      sum += within(outage);
    }
    return sum;
  }

  /** Ends what is running: the provider is up, or nothing more may be held against it. */
  end(): void {
    const outage = this.#down();
    if (outage !== null) this.#ended.push(outage);
    if (this.#ended.length > OUTAGES_KEPT) this.#ended.shift();
    this.#running = null;
    this.#failures = 0;
  }

  #down(): Outage | null {
    return this.#failures >= this.#failuresUntilDown ? this.#running : null;
  }
}
