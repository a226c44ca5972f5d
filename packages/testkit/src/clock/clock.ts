/** What a timer start gives back, to be handed to `clearTimeout`. */
export interface TimerHandle {
  unref(): unknown;
}

/** Time as an injected dependency: `now` in milliseconds, monotonic, from an arbitrary origin. */
export interface Clock {
  now(): number;
  setTimeout(run: () => void, delayMs: number): TimerHandle;
  clearTimeout(handle: TimerHandle): void;
}

/** The process's own monotonic clock and timers. */
export const systemClock: Clock = {
  now: () => performance.now(),
  setTimeout: (run, delayMs) => setTimeout(run, delayMs),
  clearTimeout: (handle) => clearTimeout(handle as NodeJS.Timeout),
};
