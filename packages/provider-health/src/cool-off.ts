/** Why a target is out of rotation without being broken. */
export type CoolOffReason = 'rate_limited' | 'credentials';

/** A pause that is running: why, and until when in monotonic milliseconds. */
export interface RunningCoolOff {
  readonly reason: CoolOffReason;
  readonly untilMs: number;
}

/** A bounded pause during which a target is passed over. */
export interface CoolOff {
  /** Starts a pause, or prolongs the one that runs; never shortens it. Milliseconds; what is not above 0 is ignored. */
  start(forMs: number, reason: CoolOffReason, nowMs: number): void;
  isRunning(nowMs: number): boolean;
  running(nowMs: number): RunningCoolOff | null;
  /** Ends the pause, as when an operator has put in a new key. */
  end(): void;
}

/** Makes a pause that is not running and never lasts longer than `maxMs` from its latest start. */
export function createCoolOff(maxMs: number): CoolOff {
  let current: RunningCoolOff | null = null;
  const running = (nowMs: number): RunningCoolOff | null =>
    current !== null && nowMs < current.untilMs ? current : null;
  return {
    start(forMs, reason, nowMs) {
      const untilMs = nowMs + Math.min(forMs, maxMs);
      if (untilMs > Math.max(nowMs, running(nowMs)?.untilMs ?? nowMs)) current = { reason, untilMs };
    },
    isRunning: (nowMs) => running(nowMs) !== null,
    running,
    end() {
      current = null;
    },
  };
}
