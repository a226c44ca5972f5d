import type { LogsConfig } from './config.ts';
import type { ConfigProblem } from './config-error.ts';
import type { LogsSection } from './config-schema.ts';
import type { Environment } from './environment.ts';

const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
const LOG_FORMATS = ['json', 'logfmt'] as const;
/** Becomes a label value. */
const ENVIRONMENT_NAME = /^[A-Za-z0-9][\w.-]{0,63}$/;

/** The section `logs` with what the environment says; its mistakes go to `problems`. */
export function readLogs(
  section: LogsSection,
  environment: Environment,
  problems: ConfigProblem[],
): LogsConfig {
  const named = environment.APP_ENV || 'development';
  if (!ENVIRONMENT_NAME.test(named)) {
    problems.push({ path: 'APP_ENV', message: 'expected letters, digits, ".", "_" or "-", up to 64' });
  }
  return {
    ...section,
    level: readChoice('LOG_LEVEL', environment.LOG_LEVEL, LOG_LEVELS, 'info', problems),
    format: readChoice('LOG_FORMAT', environment.LOG_FORMAT, LOG_FORMATS, 'json', problems),
    environment: named,
  };
}

function readChoice<T extends string>(
  path: string,
  text: string | undefined,
  choices: readonly T[],
  fallback: T,
  problems: ConfigProblem[],
): T {
  if (!text) return fallback;
  const found = choices.find((choice) => choice === text.toLowerCase());
  if (found !== undefined) return found;
  problems.push({ path, message: `expected ${choices.join(', ')}, received ${text.slice(0, 20)}` });
  return fallback;
}

/** A variable's URL, which may hold credentials, and so is never shown. */
export function readUrl(path: string, text: string | undefined, problems: ConfigProblem[]): string | null {
  if (!text) return null;
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) {
    problems.push({ path, message: 'expected an http:// or https:// URL' });
  }
  return text;
}

/** OpenTelemetry's own variables, as they are. */
export function readOpenTelemetry(environment: Environment): Readonly<Record<string, string>> {
  const found = Object.entries(environment).filter(([name, value]) => name.startsWith('OTEL_') && value);
  return Object.fromEntries(found) as Record<string, string>;
}
