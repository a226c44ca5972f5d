/** More outages of one provider than this within a model's longest interval are no longer told apart. */
const OUTAGES_KEPT = 200;

type Outage = { readonly fromMs: number; toMs: number };

/** When a provider as a whole was down lately, by its own results: models that were not probed then were down too. */
export class ProviderOutages {
  readonly #failuresUntilDown: number;
  readonly #ended: Outage[] = [];
  #running: Outage | null = null;
  #failures = 0;

  constructor(failuresUntilDown: number) {
    this.#failuresUntilDown = failuresUntilDown;
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

  /** How much of a time range lies in outages; a few failures that are not yet one do not count. */
  overlapMs(fromMs: number, toMs: number): number {
    const isDown = this.#failures >= this.#failuresUntilDown;
    const outages = isDown && this.#running !== null ? [...this.#ended, this.#running] : this.#ended;
    return outages.reduce(
      (sum, outage) => sum + Math.max(0, Math.min(toMs, outage.toMs) - Math.max(fromMs, outage.fromMs)),
      0,
    );
  }

  /** Ends what is running: the provider is up, or nothing more may be held against it. */
  end(): void {
    if (this.#running !== null && this.#failures >= this.#failuresUntilDown) {
      this.#ended.push(this.#running);
      if (this.#ended.length > OUTAGES_KEPT) this.#ended.shift();
    }
    this.#running = null;
    this.#failures = 0;
  }
}
