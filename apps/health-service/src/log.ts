import { getLogger, type LogFields } from '@gatewayz/telemetry';

/** One line as it is written, or handed to the process that writes it. */
export interface LogLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: LogFields;
  /** Tells warnings of one message apart, which are otherwise held back as repetitions. */
  readonly repeatKey?: string;
}

let write = (line: LogLine): void => {
  const { level, message, fields, repeatKey } = line;
  if (level !== 'warn' || repeatKey === undefined) getLogger()[level](message, fields);
  else getLogger().warn(message, fields, { repeatKey });
};

/** Has every line from here on written by another one than this thread's logger. */
export function writeLinesBy(writer: (line: LogLine) => void): void {
  write = writer;
}

/** Writes a line to the process's logger. */
export function log(
  level: LogLine['level'],
  message: string,
  fields: LogFields = {},
  repeatKey?: string,
): void {
  write({ level, message, fields, ...(repeatKey === undefined ? {} : { repeatKey }) });
}

/** What a log line says of an error: its class, code, message and stack, never the values that it carries along. */
export function describeError(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: typeof error };
  const { name, message, stack } = error;
  const { code } = error as NodeJS.ErrnoException;
  return { error: name, code: typeof code === 'string' ? code : undefined, detail: message, stack };
}
