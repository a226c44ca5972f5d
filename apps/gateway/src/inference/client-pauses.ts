/** How long a client has not been taking what was there for it. Times are those of `performance.now()`. */
export class ClientPauses {
  #since = 0;
  #endedMs = 0;

  /** Since when it takes no more; 0 while it does. */
  get since(): number {
    return this.#since;
  }

  begin(now: number): void {
    this.#since = now;
  }

  end(now: number): void {
    this.#endedMs += now - this.#since;
    this.#since = 0;
  }

  /** Whether it is the client that was waited for: now, or for most of the time since its answer began. */
  prevailed(beganAt: number, now: number): boolean {
    return this.#since > 0 || this.#endedMs > (now - beganAt) / 2;
  }
}
