import { readLogLevel } from './log-level.ts';
import type { LoggerOptions } from './logger-options.ts';
import { readLokiTarget } from './loki/loki-target.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface LoggerSettings {
  readonly options: LoggerOptions;
  /** What is wrong, without any secret; the default stands in its place. */
  readonly problems: readonly string[];
}

function text(env: Environment, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === undefined || value === '' ? undefined : value;
}

function readLoki(env: Environment, problems: string[]): LoggerOptions['loki'] {
  const url = text(env, 'LOKI_URL');
  if (url === undefined) return null;
  const tenant = text(env, 'LOKI_TENANT');
  const username = text(env, 'LOKI_USERNAME');
  const password = text(env, 'LOKI_PASSWORD');
  const loki = {
    url,
    ...(tenant === undefined ? {} : { tenant }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    structuredMetadata: text(env, 'LOKI_STRUCTURED_METADATA') !== 'false',
  };
  const target = readLokiTarget(loki);
  if (typeof target !== 'string') return loki;
  problems.push(`LOKI_URL, LOKI_TENANT: ${target}; nothing is sent to Loki`);
  return null;
}

function readOneOf<T extends string>(
  env: Environment,
  name: string,
  values: readonly T[],
  problems: string[],
): T | undefined {
  const value = text(env, name)?.toLowerCase();
  if (value === undefined) return undefined;
  const known = values.find((one) => one === value);
  if (known === undefined) problems.push(`${name}: expected ${values.join(' or ')}`);
  return known;
}

function readLevel(env: Environment, problems: string[]): Partial<LoggerOptions> {
  const spelled = text(env, 'LOG_LEVEL');
  if (spelled === undefined) return {};
  const level = readLogLevel(spelled);
  if (level === undefined) problems.push('LOG_LEVEL: expected debug, info, warn, error, fatal or silent');
  return level === undefined ? {} : { level };
}

/**
 * Reads a logger's options from environment variables: `APP_NAME`, `APP_ENV` (or `NODE_ENV`), `OTEL_SERVICE_NAME`,
 * `LOG_LEVEL`, `LOG_FORMAT`, `LOG_BODIES`, `LOKI_URL`, `LOKI_TENANT`, `LOKI_USERNAME`, `LOKI_PASSWORD`,
 * `LOKI_STRUCTURED_METADATA`.
 */
export function readLoggerOptions(env: Environment): LoggerSettings {
  const problems: string[] = [];
  const service = text(env, 'OTEL_SERVICE_NAME');
  const stage = text(env, 'APP_ENV') ?? text(env, 'NODE_ENV');
  const format = readOneOf(env, 'LOG_FORMAT', ['json', 'logfmt'], problems);
  const bodies = readOneOf(env, 'LOG_BODIES', ['never', 'debug-unsafe'], problems);
  const options: LoggerOptions = {
    app: text(env, 'APP_NAME') ?? service ?? 'app',
    ...(stage === undefined ? {} : { env: stage }),
    ...(service === undefined ? {} : { service }),
    ...readLevel(env, problems),
    ...(format === undefined ? {} : { format }),
    ...(bodies === undefined ? {} : { bodies }),
    loki: readLoki(env, problems) ?? null,
  };
  return { options, problems };
}
