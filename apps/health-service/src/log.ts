/** One line a happening on standard error, as JSON; values are what `JSON.stringify` makes of them. */
export function log(
  level: 'info' | 'warn' | 'error',
  message: string,
  fields: Readonly<Record<string, unknown>> = {},
): void {
  const line = { time: new Date().toISOString(), level, service: 'health-service', message, ...fields };
  process.stderr.write(`${JSON.stringify(line)}\n`);
}

/** What a log line says of an error: its class, code and message, never the values that it carries along. */
export function describeError(error: unknown): Readonly<Record<string, unknown>> {
  if (!(error instanceof Error)) return { error: typeof error };
  const { name, message } = error;
  return { error: name, code: (error as NodeJS.ErrnoException).code, detail: message };
}
