import { type Config, type Secrets, toLoggerSettings, toTracingSettings } from '@gatewayz/config';
import { createLogger, createTracing, type Logger, setLogger, type Tracing } from '@gatewayz/telemetry';
import { log } from './log.ts';
import { VERSION } from './version.ts';

const SERVICE = 'health-service';

/** Opens the sinks that configuration and environment name; from here on the whole process logs there. */
export function openLogs(config: Config, secrets: Secrets): Logger {
  const logger = createLogger(toLoggerSettings(config, secrets, SERVICE));
  setLogger(logger);
  return logger;
}

/** Opens the way of this thread's spans; null unless the environment names an endpoint for them. */
export function openTraces(config: Config, secrets: Secrets): Tracing | null {
  return createTracing({
    ...toTracingSettings(config, secrets),
    serviceName: `${config.appName}-${SERVICE}`,
    scope: { name: `@gatewayz/${SERVICE}`, version: VERSION },
    onProblem: (problem) => log('warn', problem),
  });
}
