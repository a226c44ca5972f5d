/** The result of {@link withStallMeter}; both in milliseconds. */
export interface Stalled {
  readonly totalMs: number;
  /** The longest time in which the event loop could do nothing else. */
  readonly stallMs: number;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Runs `work` while another task of the event loop notes the longest gap between two of its turns. */
export async function withStallMeter(work: () => Promise<unknown>): Promise<Stalled> {
  let running = true;
  let last = 0;
  let stallMs = 0;
  const turn = (): void => {
    const now = performance.now();
    stallMs = Math.max(stallMs, now - last);
    last = now;
    if (running) {
      setImmediate(turn);
    }
  };
  await nextTurn();
  last = performance.now();
  setImmediate(turn);
  const startedAt = performance.now();
  await work();
  const totalMs = performance.now() - startedAt;
  await nextTurn();
  running = false;
  await nextTurn();
  return { totalMs, stallMs };
}
