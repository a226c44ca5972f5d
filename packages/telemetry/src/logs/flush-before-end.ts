const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/**
 * Flushes when the process has nothing more to do, and on SIGTERM and SIGINT. Those go on to mean what they meant: a
 * host that handles them does so as before; where nobody else does, the process ends by the signal after the flush.
 */
export function flushBeforeEnd(flush: (budgetMs: number) => Promise<unknown>, budgetMs: number): void {
  process.once('beforeExit', () => void flush(budgetMs));
  for (const signal of SIGNALS) {
    const onSignal = async (): Promise<void> => {
      const isOurs = process.listenerCount(signal) === 0;
      await flush(budgetMs);
      if (isOurs) process.kill(process.pid, signal);
    };
    // `once`: as it runs it is off the list, so that only others are counted, and the signal has its own meaning again.
    process.once(signal, () => void onSignal());
  }
}
