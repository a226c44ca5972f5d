import type { Config, LogsConfig, Secrets } from './config.ts';
import { listSecrets } from './list-secrets.ts';

/** How a process of ours logs, in the words of a logger's options. */
export interface LoggerSettings {
  readonly app: string;
  readonly env: string;
  readonly service: string;
  readonly level: LogsConfig['level'];
  readonly format: LogsConfig['format'];
  readonly bodies: 'never' | 'debug-unsafe';
  /** Everything that must never be in a line, wherever it comes from. */
  readonly redact: readonly string[];
  readonly loki: {
    readonly url: string;
    readonly structuredMetadata: boolean;
    readonly tenant?: string;
  } | null;
}

/** How a process of ours is traced, in the words of the tracing's options. */
export interface TracingSettings {
  /** OpenTelemetry's own variables. */
  readonly environment: Readonly<Record<string, string>>;
  readonly slowMs: number;
}

/** What configuration and environment say of logs, for the app of this name. */
export function toLoggerSettings(config: Config, secrets: Secrets, service: string): LoggerSettings {
  const { appName, logs } = config;
  const { lokiUrl } = secrets;
  return {
    app: appName,
    env: logs.environment,
    service,
    level: logs.level,
    format: logs.format,
    bodies: logs.bodies ? 'debug-unsafe' : 'never',
    redact: listSecrets(config, secrets),
    loki:
      lokiUrl === null
        ? null
        : {
            url: lokiUrl,
            structuredMetadata: logs.lokiStructuredMetadata,
            ...(logs.lokiTenant === undefined ? {} : { tenant: logs.lokiTenant }),
          },
  };
}

/** What configuration and environment say of traces; where this runs is among what describes the process. */
export function toTracingSettings({ logs, traces }: Config, { openTelemetry }: Secrets): TracingSettings {
  const { environment } = logs;
  // The second is the older name, which existing queries use.
  const own = `deployment.environment.name=${environment},deployment.environment=${environment}`;
  const named = openTelemetry.OTEL_RESOURCE_ATTRIBUTES;
  return {
    // What the operator says comes later, and so goes before ours.
    environment: {
      ...openTelemetry,
      OTEL_RESOURCE_ATTRIBUTES: named === undefined ? own : `${own},${named}`,
    },
    slowMs: traces.slowMs,
  };
}
