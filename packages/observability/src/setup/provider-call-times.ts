/** When the calls of providers for one request began and ended, for its stages. Milliseconds of `performance.now()`. */
export class ProviderCallTimes {
  readonly firstCallAt: number;
  firstChunkAt = 0;
  lastEndAt = 0;
  /** Time in which at least one call ran, up to the last end. */
  waitedMs = 0;
  #running = 0;
  #busySince = 0;

  constructor(firstCallAt: number) {
    this.firstCallAt = firstCallAt;
  }

  begin(now: number): void {
    if (this.#running === 0) this.#busySince = now;
    this.#running += 1;
  }

  chunk(now: number): void {
    if (this.firstChunkAt === 0) this.firstChunkAt = now;
  }

  end(now: number): void {
    this.#running -= 1;
    this.lastEndAt = now;
    if (this.#running === 0) this.waitedMs += now - this.#busySince;
  }

  /** The answer has ended: so has, for it, whatever still runs. */
  close(now: number): void {
    if (this.#running === 0) return;
    this.#running = 1;
    this.end(now);
  }
}
