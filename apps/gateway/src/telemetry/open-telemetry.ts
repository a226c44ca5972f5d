import { type Config, type Secrets, toLoggerSettings, toTracingSettings } from '@gatewayz/config';
import { createLogger, createTracing, type Logger, setLogger, type Tracing } from '@gatewayz/telemetry';
import { log } from '../log.ts';
import { VERSION } from '../version.ts';

/** Where lines and spans go. */
export interface Telemetry {
  readonly logger: Logger;
  /** Null unless the environment names an endpoint for spans. */
  readonly tracing: Tracing | null;
  /** Sends what waits, within the budget; never rejects. */
  close(budgetMs: number): Promise<void>;
}

const SERVICE = 'gateway';

/**
 * Opens the sinks that configuration and environment name; from here on the whole process logs there. Of several
 * workers each says its number in every line.
 */
export function openTelemetry(config: Config, secrets: Secrets, worker: number | null = null): Telemetry {
  const ofProcess = createLogger(toLoggerSettings(config, secrets, SERVICE));
  const logger = worker === null ? ofProcess : ofProcess.child({ worker });
  setLogger(logger);
  const tracing = createTracing({
    ...toTracingSettings(config, secrets),
    serviceName: config.appName,
    scope: { name: '@gatewayz/gateway', version: VERSION },
    onProblem: (problem) => log('warn', problem),
  });
  return {
    logger,
    tracing,
    async close(budgetMs) {
      await Promise.all([tracing?.close(budgetMs), logger.close(budgetMs)]);
    },
  };
}
