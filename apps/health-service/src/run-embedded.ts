import { parentPort, workerData } from 'node:worker_threads';
import type { Environment, ProviderConfig } from '@gatewayz/config';
import { startHealthService } from './health-service.ts';
import { writeLinesBy } from './log.ts';
import { openTraces } from './open-telemetry.ts';
import { readSettings } from './read-settings.ts';

/** What the process that this thread runs in tells it. */
interface EmbeddedOptions {
  readonly host: string;
  readonly port: number;
  readonly backendUrl: string;
  /** Instead of the configured ones, where the process has made some up. */
  readonly providers?: readonly ProviderConfig[];
}

/** How long spans that wait may take at the end. */
const CLOSE_MS = 1000;

/** Runs the health service in a thread of another process, until that says stop or is gone. */
export async function runEmbedded(environment: Environment): Promise<void> {
  const port = parentPort;
  if (port === null) throw new Error('There is no parent to run for.');
  writeLinesBy((line) => port.postMessage({ kind: 'line', ...line }));
  const options = workerData as EmbeddedOptions;
  // The ports in the environment are the parent's.
  const { config, secrets } = readSettings({ ...environment, PORT: undefined, HOST: undefined });
  const providers = options.providers ?? config.providers;
  const tracing = openTraces(config, secrets);
  const service = await startHealthService({ ...config, providers }, secrets, { ...options, tracing });
  let isStopping = false;
  const stop = (): void => {
    if (isStopping) return;
    isStopping = true;
    void service
      .stop()
      .then(() => tracing?.close(CLOSE_MS))
      .finally(() => process.exit(0));
  };
  port.on('message', (message: unknown) => {
    if (message === 'stop') stop();
  });
  port.on('close', stop);
  port.postMessage({ kind: 'listening', url: service.url });
}
