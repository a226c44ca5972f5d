/** Calls `run` once after `delayMs`; what it returns prevents that. */
export type StartTimer = (run: () => void, delayMs: number) => () => void;

/** The process's own timer; it keeps no process alive. */
export const startProcessTimer: StartTimer = (run, delayMs) => {
  const timer = setTimeout(run, delayMs).unref();
  return () => clearTimeout(timer);
};
