import { isMainThread } from 'node:worker_threads';
import { ConfigError } from '@gatewayz/config';
import { describeError, log } from './log.ts';
import { runAlone } from './run-alone.ts';
import { runEmbedded } from './run-embedded.ts';

process.on('uncaughtException', (error) => {
  log('error', 'the health service ends: an error that nothing expected', describeError(error));
  process.exit(1);
});

try {
  await (isMainThread ? runAlone(process.env) : runEmbedded(process.env));
} catch (error) {
  if (error instanceof ConfigError) process.stderr.write(`${error.message}\n`);
  else log('error', 'the health service did not start', describeError(error));
  process.exit(1);
}
