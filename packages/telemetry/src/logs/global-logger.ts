import { createLogger } from './create-logger.ts';
import type { Logger } from './logger.ts';
import { readLoggerOptions } from './read-logger-options.ts';

/** On `globalThis`, so that two copies of this package in one process share it. */
const KEY: unique symbol = Symbol.for('gatewayz.telemetry.logger');

type Holder = { [KEY]?: Logger };

/** Makes this the process's logger. */
export function setLogger(logger: Logger): void {
  (globalThis as Holder)[KEY] = logger;
}

/** The process's logger; the first call makes one from the environment where none was set. */
export function getLogger(): Logger {
  const holder = globalThis as Holder;
  holder[KEY] ??= createLogger(readLoggerOptions(process.env).options);
  return holder[KEY];
}
