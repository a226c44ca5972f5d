import { randomBytes } from 'node:crypto';
import type { Config, Secrets } from '@gatewayz/config';
import { ConfigError, readConfig } from '@gatewayz/config';
import { toBanner } from './banner.ts';
import { createGateway, type Gateway } from './gateway.ts';
import { describeError, log } from './log.ts';
import { type Sandbox, startSandbox } from './sandbox/start-sandbox.ts';

process.on('uncaughtException', (error) => {
  log('error', 'the process ends: an error that nothing expected', describeError(error));
  process.exit(1);
});

try {
  await run();
} catch (error) {
  if (error instanceof ConfigError) process.stderr.write(`${error.message}\n`);
  else log('error', 'the gateway did not start', describeError(error));
  process.exitCode = 1;
}

async function run(): Promise<void> {
  const { config: configured, secrets: given } = readConfig(process.env);
  const sandbox = configured.providers.length === 0 ? await startSandbox() : null;
  const config = sandbox === null ? configured : withSandbox(configured, sandbox);
  const generatedKey = config.auth === 'keys' && given.clientKeys.length === 0 ? createKey() : null;
  const secrets: Secrets = generatedKey === null ? given : { ...given, clientKeys: [generatedKey] };

  const gateway = createGateway(config, secrets, sandbox);
  drainOnSignal(gateway);
  try {
    const url = await gateway.listen();
    process.stdout.write(toBanner({ url, config, generatedKey, hasSandbox: sandbox !== null }));
  } catch (error) {
    await sandbox?.close();
    throw error;
  }
}

/** SIGTERM and Ctrl-C let requests under way end; a second one does not wait for them. */
function drainOnSignal(gateway: Gateway): void {
  let isDraining = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (isDraining) process.exit(1);
    isDraining = true;
    log('info', 'draining', { signal });
    void gateway.drain().then(() => {
      process.off('SIGTERM', onSignal);
      process.off('SIGINT', onSignal);
      process.exitCode = 0;
    });
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}

function withSandbox(config: Config, sandbox: Sandbox): Config {
  const providers = sandbox.providers.map(({ id, baseUrl, models }) => ({
    name: id,
    baseUrl,
    resells: false,
    models,
    headers: {},
    capabilities: { assistantPrefill: true, streamUsage: true },
    prices: {},
    allowPrivateAddresses: true,
    maxConnections: 256,
  }));
  return { ...config, providers };
}

function createKey(): string {
  return `gz-${randomBytes(18).toString('base64url')}`;
}
