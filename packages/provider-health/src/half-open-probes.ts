/** Leave to make one attempt; whoever holds it ends it exactly once. */
export interface Permit {
  /** True where the attempt decides whether a half-open breaker closes or opens again. */
  readonly probe: boolean;
}

class ProbePermit implements Permit {
  readonly probe = true;
  readonly expiresAtMs: number;

  constructor(expiresAtMs: number) {
    this.expiresAtMs = expiresAtMs;
  }
}

// How many probes that never end are remembered per place, so that a leak stays small.
const UNENDED_PER_PLACE = 16;

/** The probes of one half-open state; one past its expiry holds no place any more, but its end still counts. */
export class HalfOpenProbes {
  readonly #places: number;
  readonly #expiryMs: number;
  readonly #unended = new Set<Permit & { readonly expiresAtMs: number }>();

  constructor(places: number, expiryMs: number) {
    this.#places = places;
    this.#expiryMs = expiryMs;
  }

  hasPlace(nowMs: number): boolean {
    return this.inFlight(nowMs) < this.#places;
  }

  inFlight(nowMs: number): number {
    let inFlight = 0;
    for (const probe of this.#unended) {
      if (probe.expiresAtMs > nowMs) inFlight++;
    }
    return inFlight;
  }

  issue(nowMs: number): Permit {
    const probe = new ProbePermit(nowMs + this.#expiryMs);
    this.#unended.add(probe);
    if (this.#unended.size > this.#places * UNENDED_PER_PLACE) {
      const [oldest] = this.#unended;
      if (oldest !== undefined) this.#unended.delete(oldest);
    }
    return probe;
  }

  /** True where the permit is one of these probes and had not ended. */
  end(permit: Permit): boolean {
    return permit instanceof ProbePermit && this.#unended.delete(permit);
  }

  clear(): void {
    this.#unended.clear();
  }
}
