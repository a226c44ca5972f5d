import { registerTracing } from './register-tracing.ts';
import { createTracing, type Tracing, type TracingOptions } from './tracing.ts';

let installed: Tracing | null = null;

/**
 * Creates the tracing of the whole process and registers it with @opentelemetry/api, active spans across `await`
 * included. Null where the environment asks for none; a second call answers with the first one's.
 */
export function installTracing(options: TracingOptions = {}): Tracing | null {
  if (installed !== null) return installed;
  installed = createTracing(options);
  if (installed !== null) registerTracing(installed, { asyncContext: true });
  return installed;
}

/** What `installTracing` made, or null. */
export function getTracing(): Tracing | null {
  return installed;
}
