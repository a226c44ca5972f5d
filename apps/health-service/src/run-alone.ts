import type { Environment } from '@gatewayz/config';
import type { Logger, Tracing } from '@gatewayz/telemetry';
import { type HealthService, startHealthService } from './health-service.ts';
import { describeError, log } from './log.ts';
import { openLogs, openTraces } from './open-telemetry.ts';
import { readSettings } from './read-settings.ts';

/** How long lines and spans that wait may take at the end. */
const CLOSE_MS = 2000;

/** Runs the health service as a process of its own, until a signal. */
export async function runAlone(environment: Environment): Promise<void> {
  const { config, secrets, host, port } = readSettings(environment);
  const logger = openLogs(config, secrets);
  const tracing = openTraces(config, secrets);
  const backendUrl = config.healthService.backendUrl ?? null;
  const starting = startHealthService(config, secrets, { host, port, backendUrl, tracing });
  stopOnSignal(starting, logger, tracing);
  const { url } = await starting;
  const [providers, store] = [config.providers.length, secrets.databaseUrl === null ? 'sqlite' : 'postgres'];
  log('info', 'the health service runs', { url, providers, store, redis: secrets.redisUrl !== null });
}

/** SIGTERM and Ctrl-C let it write what it knows; a second one does not wait for that. */
function stopOnSignal(starting: Promise<HealthService>, logger: Logger, tracing: Tracing | null): void {
  let isStopping = false;
  const end = async (code: number): Promise<void> => {
    await Promise.all([tracing?.close(CLOSE_MS), logger.close(CLOSE_MS)]);
    process.exit(code);
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    if (isStopping) process.exit(1);
    isStopping = true;
    log('info', 'stopping', { signal });
    starting
      .then((service) => service.stop())
      .then(
        () => end(0),
        (error: unknown) => {
          log('error', 'the health service did not stop as it should', describeError(error));
          return end(1);
        },
      );
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
