import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { Config, Secrets } from '@gatewayz/config';
import { log } from '../log.ts';
import { openTelemetry } from '../telemetry/open-telemetry.ts';
import { showTelemetry } from '../telemetry/show-telemetry.ts';
import { forkWorker, prepareCluster, type WorkerListener } from './fork-worker.ts';
import { createHearing } from './hear-worker.ts';
import { type MachineMetrics, openMachineMetrics } from './machine-metrics.ts';
import { WorkerPool } from './worker-pool.ts';

/** How often workers are looked after, and what they told is shown to the views. */
const CHECK_MS = 1000;
/** What the end of a worker may take beyond its own deadlines. */
const CLOSING_MS = 10_000;
const TELEMETRY_BUDGET_MS = 3000;

/**
 * Runs as many workers as configured on one port and answers `/metrics` for all of them. Resolves to the base URL when
 * the first one listens; rejects where it does not. From then on signals end the workers, and then this process.
 */
export async function runPrimary(
  config: Config,
  secrets: Secrets,
  generatedKey: string | null,
): Promise<string> {
  const port = config.server.port || (await findFreePort(config.server.host));
  const telemetry = openTelemetry(config, secrets);
  const listening = Promise.withResolvers<string>();
  prepareCluster();
  const pool = openPool(config.workers, {
    machine: () => machine,
    message: (worker, message) => hear(worker, message),
  });
  const machine = openMachineMetrics(config, secrets, pool);
  const hear = createHearing({
    pool,
    machine,
    start: { port, generatedKey },
    onListening: listening.resolve,
  });
  showTelemetry(machine.own, telemetry);
  const checks = setInterval(() => {
    pool.check();
    machine.gathered.show();
  }, CHECK_MS);
  const close = async (): Promise<void> => {
    clearInterval(checks);
    machine.close();
    await telemetry.close(TELEMETRY_BUDGET_MS);
  };
  try {
    await pool.start();
  } catch (error) {
    await close();
    throw error;
  }
  endOnSignal(pool, config, close);
  return listening.promise;
}

interface PoolHearers {
  /** Not there before the pool is. */
  readonly machine: () => MachineMetrics;
  readonly message: WorkerListener['message'];
}

/** A pool of real processes, whose comings and goings the metrics follow. */
function openPool(count: number, { machine, message }: PoolHearers): WorkerPool {
  const listener: WorkerListener = {
    message,
    ended({ id }, end) {
      machine().gathered.exited(id);
      if (!pool.isStopping) machine().exits.inc();
      pool.ended(id, end);
    },
    left: ({ id }) => machine().gathered.left(id),
  };
  const pool = new WorkerPool({
    count,
    now: () => performance.now(),
    fork() {
      const worker = forkWorker(listener);
      machine().gathered.joined(worker.id);
      return worker;
    },
    onLead(worker) {
      machine().gathered.leads(worker.id);
      worker.send({ kind: 'lead' });
    },
    onSilence: (worker, isSilent) => machine().gathered.prompt(worker.id, !isSilent),
  });
  return pool;
}

/** SIGTERM and Ctrl-C have every worker drain; a second one ends them at once. */
function endOnSignal(pool: WorkerPool, { server }: Config, close: () => Promise<void>): void {
  const onSignal = (signal: NodeJS.Signals): void => {
    if (pool.isStopping) {
      pool.kill();
      process.exit(1);
    }
    log('info', 'draining', { signal });
    void pool.stop(server.drainDelayMs + server.drainDeadlineMs + CLOSING_MS).then(async (isWell) => {
      await close();
      process.off('SIGTERM', onSignal);
      process.off('SIGINT', onSignal);
      process.exitCode = isWell ? 0 : 1;
    });
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}

/** A worker that takes another's place must find the same port, so it cannot be left to chance each time. */
async function findFreePort(host: string): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
