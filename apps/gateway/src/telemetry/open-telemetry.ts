import type { Config, Secrets } from '@gatewayz/config';
import { createLogger, createTracing, type Logger, setLogger, type Tracing } from '@gatewayz/telemetry';
import { log } from '../log.ts';
import { VERSION } from '../version.ts';
import { listSecrets } from './list-secrets.ts';

/** Where lines and spans go. */
export interface Telemetry {
  readonly logger: Logger;
  /** Null unless the environment names an endpoint for spans. */
  readonly tracing: Tracing | null;
  /** Sends what waits, within the budget; never rejects. */
  close(budgetMs: number): Promise<void>;
}

const SERVICE = 'gateway';

/** Opens the sinks that configuration and environment name; from here on the whole process logs there. */
export function openTelemetry(config: Config, secrets: Secrets): Telemetry {
  const { level, format, environment, bodies, lokiTenant, lokiStructuredMetadata } = config.logs;
  const logger = createLogger({
    app: config.appName,
    env: environment,
    service: SERVICE,
    level,
    format,
    bodies: bodies ? 'debug-unsafe' : 'never',
    redact: listSecrets(config, secrets),
    loki:
      secrets.lokiUrl === null
        ? null
        : {
            url: secrets.lokiUrl,
            structuredMetadata: lokiStructuredMetadata,
            ...(lokiTenant === undefined ? {} : { tenant: lokiTenant }),
          },
  });
  setLogger(logger);
  const tracing = createTracing({
    environment: {
      ...secrets.openTelemetry,
      OTEL_RESOURCE_ATTRIBUTES: withEnvironment(secrets.openTelemetry.OTEL_RESOURCE_ATTRIBUTES, environment),
    },
    serviceName: config.appName,
    scope: { name: '@gatewayz/gateway', version: VERSION },
    slowMs: config.traces.slowMs,
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

function withEnvironment(attributes: string | undefined, environment: string): string {
  // The second is the older name, which existing queries use.
  const own = `deployment.environment.name=${environment},deployment.environment=${environment}`;
  // What the operator says comes later, and so goes before ours.
  return attributes === undefined ? own : `${own},${attributes}`;
}
