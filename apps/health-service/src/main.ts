import { isMainThread } from 'node:worker_threads';
import { ConfigError } from '@gatewayz/config';
import { getLogger } from '@gatewayz/telemetry';
import { describeError, log } from './log.ts';
import { runAlone } from './run-alone.ts';
import { runEmbedded } from './run-embedded.ts';

/** How long the last line of a process that ends by an error may take. */
const LAST_LINE_MS = 1000;

process.on('uncaughtException', (error) => {
  log('error', 'the health service ends: an error that nothing expected', describeError(error));
  void end();
});

try {
  await (isMainThread ? runAlone(process.env) : runEmbedded(process.env));
} catch (error) {
  if (error instanceof ConfigError) process.stderr.write(`${error.message}\n`);
  else log('error', 'the health service did not start', describeError(error));
  await end();
}

/** A thread's lines are the process's, which lives on. */
async function end(): Promise<void> {
  if (isMainThread) await getLogger().close(LAST_LINE_MS);
  process.exit(1);
}
