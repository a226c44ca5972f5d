import { ApiError } from '../api-error.ts';

export interface ReportTurnsOptions {
  /** Reports at once of one owner, and of all. */
  readonly perOwner: number;
  readonly total: number;
}

/** How long a report may keep others out. One that its client is still reading then costs the database little. */
const LONGEST_MS = 60_000;

/** Lets few reports run at once: they go through more rows than a thousand requests write. */
export class ReportTurns {
  readonly #options: ReportTurnsOptions;
  readonly #running = new Map<string, number>();
  #total = 0;

  constructor(options: ReportTurnsOptions) {
    this.#options = options;
  }

  /** Gives what ends the turn; calling it again does nothing. Throws a 429 where others have to end first. */
  begin(owner: string): () => void {
    const { perOwner, total } = this.#options;
    const own = this.#running.get(owner) ?? 0;
    if (own >= perOwner || this.#total >= total) throw tooMany();
    this.#running.set(owner, own + 1);
    this.#total += 1;
    const timer = setTimeout(() => end(), LONGEST_MS).unref();
    let hasEnded = false;
    const end = (): void => {
      if (hasEnded) return;
      hasEnded = true;
      clearTimeout(timer);
      this.#total -= 1;
      const left = (this.#running.get(owner) ?? 1) - 1;
      if (left === 0) this.#running.delete(owner);
      else this.#running.set(owner, left);
    };
    return end;
  }
}

function tooMany(): ApiError {
  return new ApiError({
    status: 429,
    type: 'rate_limit_error',
    code: 'too_many_reports',
    message: 'Other reports are under way: wait for yours to end, or try again.',
    retryAfterSeconds: 1,
  });
}
