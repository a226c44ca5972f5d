import type { Config, LogsConfig, Secrets } from './config.ts';

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
export function toLoggerSettings(
  { appName, logs }: Config,
  secrets: Secrets,
  service: string,
): LoggerSettings {
  const { lokiUrl } = secrets;
  return {
    app: appName,
    env: logs.environment,
    service,
    level: logs.level,
    format: logs.format,
    bodies: logs.bodies ? 'debug-unsafe' : 'never',
    redact: [...listSecrets(secrets)],
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
  const own = `deployment.environment.name=${logs.environment}`;
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

function* listSecrets(secrets: Secrets): Generator<string> {
  yield* secrets.clientKeys;
  yield* secrets.providerKeys.values();
  for (const token of [secrets.metricsToken, secrets.adminToken]) if (token !== null) yield token;
  const { databaseUrl, redisUrl, lokiUrl, prometheusUrl } = secrets;
  for (const url of [databaseUrl, redisUrl, lokiUrl, prometheusUrl]) {
    if (url !== null && URL.canParse(url) && new URL(url).password !== '') {
      yield decode(new URL(url).password);
    }
  }
  const headers = secrets.openTelemetry.OTEL_EXPORTER_OTLP_HEADERS ?? '';
  for (const header of headers.split(',')) {
    const value = header.slice(header.indexOf('=') + 1).trim();
    if (value !== '') yield decode(value);
  }
}

/** As it stands where it is not encoded after all. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
