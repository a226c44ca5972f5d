import { getLogger, type LogFields } from '@gatewayz/telemetry';

/** Writes a line to the process's logger. */
export function log(level: 'info' | 'warn' | 'error', message: string, fields: LogFields = {}): void {
  getLogger()[level](message, fields);
}

/** What a log line says of an error: its class, code, message and stack, never the values that it carries along. */
export function describeError(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: typeof error };
  const { name, message, stack } = error;
  const { code } = error as NodeJS.ErrnoException;
  return { error: name, code: typeof code === 'string' ? code : undefined, detail: message, stack };
}
