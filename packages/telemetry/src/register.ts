import { isMainThread } from 'node:worker_threads';
import { activeTrace } from './logs/active-trace.ts';
import { captureConsole } from './logs/capture-console.ts';
import { createLogger } from './logs/create-logger.ts';
import { flushBeforeEnd } from './logs/flush-before-end.ts';
import { setLogger } from './logs/global-logger.ts';
import type { Logger } from './logs/logger.ts';
import { readLoggerOptions } from './logs/read-logger-options.ts';
import { installTracing } from './traces/global-tracing.ts';

// Threads are started by URL, and the build follows imports alone: these have it make the threads' files.

import type {} from './logs/loki/loki-worker.ts';
import type {} from './traces/export-worker.ts';

const FLUSH_BUDGET_MS = 5_000;

/**
 * Sets up logs and traces as the environment says, and makes lines of what is written to `console` and of what ends the
 * process uncaught. Threads that the host starts with the same preloads are left alone.
 */
function register(): void {
  const { options, problems } = readLoggerOptions(process.env);
  const found = [...problems];
  let logger: Logger | null = null;
  const tracing = installTracing({
    serviceName: options.service ?? options.app,
    onProblem: (problem) => {
      if (logger === null) found.push(problem);
      else logger.warn('traces have a problem', { problem });
    },
  });
  logger = createLogger({ ...options, ...(tracing === null ? {} : { context: activeTrace }) });
  setLogger(logger);
  for (const problem of found) logger.warn('a setting cannot be used', { problem }, { repeatKey: null });
  captureConsole(logger);
  // What Node writes of it goes to standard error alone. The monitor leaves the end to Node.
  process.on('uncaughtExceptionMonitor', (error) => logger.fatal('uncaught exception', { error }));
  flushBeforeEnd(
    (budgetMs) => Promise.all([logger.flush(budgetMs), tracing?.flush(budgetMs)]),
    FLUSH_BUDGET_MS,
  );
}

if (isMainThread) register();
