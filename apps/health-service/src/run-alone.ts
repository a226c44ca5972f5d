import type { Environment } from '@gatewayz/config';
import { type HealthService, startHealthService } from './health-service.ts';
import { describeError, log } from './log.ts';
import { readSettings } from './read-settings.ts';

/** Runs the health service as a process of its own, until a signal. */
export async function runAlone(environment: Environment): Promise<void> {
  const { config, secrets, host, port } = readSettings(environment);
  const backendUrl = config.healthService.backendUrl ?? null;
  const starting = startHealthService(config, secrets, { host, port, backendUrl });
  stopOnSignal(starting);
  const { url } = await starting;
  const [providers, store] = [config.providers.length, secrets.databaseUrl === null ? 'sqlite' : 'postgres'];
  log('info', 'the health service runs', { url, providers, store, redis: secrets.redisUrl !== null });
}

/** SIGTERM and Ctrl-C let it write what it knows; a second one does not wait for that. */
function stopOnSignal(starting: Promise<HealthService>): void {
  let isStopping = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (isStopping) process.exit(1);
    isStopping = true;
    log('info', 'stopping', { signal });
    starting
      .then((service) => service.stop())
      .then(
        () => process.exit(0),
        (error: unknown) => {
          log('error', 'the health service did not stop as it should', describeError(error));
          process.exit(1);
        },
      );
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
