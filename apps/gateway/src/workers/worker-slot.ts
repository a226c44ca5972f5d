import type { ToWorker } from './worker-message.ts';

/** A process that works for this one. */
export interface WorkerProcess {
  /** Rises with each start. */
  readonly id: number;
  readonly pid: number | undefined;
  send(message: ToWorker): void;
  kill(): void;
}

/** How a worker's process ended. */
export interface WorkerEnd {
  readonly code: number | null;
  readonly signal: string | null;
}

/** A worker's place, which one process after the other takes. */
export interface WorkerSlot {
  readonly number: number;
  process: WorkerProcess | null;
  isListening: boolean;
  startedAtMs: number;
  /** Ends in a row that came soon after the start. */
  failures: number;
  /** Checks in a row that found no word of it. */
  silentChecks: number;
  timer: NodeJS.Timeout | null;
}

export function createSlot(number: number): WorkerSlot {
  const process = { process: null, isListening: false, startedAtMs: 0 };
  return { number, ...process, failures: 0, silentChecks: 0, timer: null };
}

const FIRST_WAIT_MS = 200;
const MAX_WAIT_MS = 30_000;
/** One that has run for so long has not failed to start. */
export const STEADY_MS = 10_000;

/** How long a place stays empty after so many failures in a row: longer each time, so that a crash loop does not spin. */
export function restartWaitMs(failures: number): number {
  return failures === 0 ? 0 : Math.min(FIRST_WAIT_MS * 2 ** (failures - 1), MAX_WAIT_MS);
}
