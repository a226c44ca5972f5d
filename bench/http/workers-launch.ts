import type { LedgerPlace } from './ledger-launch.ts';

const STARTED = /^gatewayz_workers\{state="absent"\} 0\.0$/m;
const START_TIMEOUT_MS = 30_000;

const workerCounts: ReadonlyMap<string, number> = new Map([['workers-2', 2]]);

/** How many workers share the load of a candidate: 1 for all that are one process. */
export function workersOf(name: string): number {
  return workerCounts.get(name) ?? 1;
}

/** A gateway of several processes; their CPU time is that of all of them and of the one that starts them. */
export function severalWorkers(
  count: number,
  headers: Readonly<Record<string, string>>,
): Pick<LedgerPlace, 'environment' | 'prepare'> {
  return {
    environment: { GATEWAYZ_WORKERS: String(count) },
    async prepare(port) {
      const deadline = performance.now() + START_TIMEOUT_MS;
      // The port is open as soon as the first of them listens.
      while (!STARTED.test(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text())) {
        if (performance.now() > deadline) throw new Error(`not all of ${count} workers listen`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      return headers;
    },
  };
}
