/** The levels of a line, from least to most urgent. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'fatal';

/** How urgent a level is; a logger writes what is at or above its own. */
export const LEVEL_WEIGHT: Readonly<Record<LogLevel | 'silent', number>> = {
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
  fatal: 60,
  silent: 100,
};

/** The names that lines and labels carry: Python's, since existing log dashboards select by them. */
export const LEVEL_NAME: Readonly<Record<LogLevel, string>> = {
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARNING',
  error: 'ERROR',
  fatal: 'CRITICAL',
};

const SPELLINGS: Readonly<Record<string, LogLevel | 'silent'>> = {
  trace: 'debug',
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  warning: 'warn',
  error: 'error',
  critical: 'fatal',
  fatal: 'fatal',
  silent: 'silent',
};

/** Reads a level as people spell it (`WARN`, `warning`, `CRITICAL`); `undefined` where it is none. */
export function readLogLevel(text: string): LogLevel | 'silent' | undefined {
  const name = text.trim().toLowerCase();
  return Object.hasOwn(SPELLINGS, name) ? SPELLINGS[name] : undefined;
}
