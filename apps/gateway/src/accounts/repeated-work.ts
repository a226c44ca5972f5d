export interface RepeatedWorkOptions {
  readonly work: () => Promise<void>;
  /** Hears of a round that failed; the next one comes all the same. */
  readonly onTrouble: (error: unknown) => void;
  /** The pause after each round. */
  readonly pauseMs: number;
}

/** Work that is done now and again, beside all else. */
export interface RepeatedWork {
  start(): void;
  /** Resolves when no round is under way. */
  stop(): Promise<void>;
}

/** Creates work that stands still until it is started; its rounds never overlap. */
export function createRepeatedWork({ work, onTrouble, pauseMs }: RepeatedWorkOptions): RepeatedWork {
  let timer: NodeJS.Timeout | null = null;
  let round: Promise<void> | null = null;
  let isStopped = true;

  async function runRound(): Promise<void> {
    try {
      await work();
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
