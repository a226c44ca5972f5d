/** Preloaded into a gateway: its embedded health service goes wrong in the way that the file `CRASH_FILE` names. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { isMainThread, workerData } from 'node:worker_threads';

const EVERY_MS = 20;

const faults: Readonly<Record<string, () => void>> = {
  error: () => {
    throw new Error('the test wanted an error');
  },
  memory: () => {
    const kept: unknown[] = [];
    // Turn by turn, as leaks go.
    const leak = (): void => {
      for (let made = 0; made < 1000; made += 1) kept.push(new Array(1000).fill(made));
      setImmediate(leak);
    };
    leak();
  },
  hang: () => {
    for (;;);
  },
};

const file = process.env.CRASH_FILE;
const isHealthService =
  !isMainThread && (workerData as { backendUrl?: string } | null)?.backendUrl !== undefined;

if (isHealthService && file !== undefined) {
  setInterval(() => {
    if (!existsSync(file)) return;
    const fault = faults[readFileSync(file, 'utf8')];
    rmSync(file);
    fault?.();
  }, EVERY_MS).unref();
}
