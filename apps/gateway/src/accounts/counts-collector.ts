import type { AccountCounts } from './account-counts.ts';

export interface CountsCollectorOptions {
  readonly counts: () => Promise<AccountCounts>;
  readonly onCounts: (counts: AccountCounts) => void;
  /** Hears of a round that failed; what was counted last stands. */
  readonly onTrouble: (error: unknown) => void;
  /** The pause after each round; default 15,000 ms. */
  readonly pauseMs?: number;
}

/** Counts accounts now and again, beside all else. */
export interface CountsCollector {
  start(): void;
  /** Resolves when no round is under way. */
  stop(): Promise<void>;
}

/** Creates a collector that stands still; its rounds never overlap. */
export function createCountsCollector(options: CountsCollectorOptions): CountsCollector {
  const { counts, onCounts, onTrouble, pauseMs = 15_000 } = options;
  let timer: NodeJS.Timeout | null = null;
  let round: Promise<void> | null = null;
  let isStopped = true;

  async function runRound(): Promise<void> {
    try {
      onCounts(await counts());
    } catch (error) {
      onTrouble(error);
    }
    if (!isStopped) timer = setTimeout(begin, pauseMs).unref();
  }
  function begin(): void {
    round = runRound();
  }

  return {
    start() {
      if (!isStopped) return;
      isStopped = false;
      begin();
    },
    async stop() {
      isStopped = true;
      if (timer !== null) clearTimeout(timer);
      await round;
    },
  };
}
