import cluster from 'node:cluster';
import { randomBytes } from 'node:crypto';
import type { Config, Secrets } from '@gatewayz/config';
import { ConfigError, readConfig } from '@gatewayz/config';
import { getLogger } from '@gatewayz/telemetry';
import { toBanner } from './banner.ts';
import { createGateway, type Gateway } from './gateway.ts';
import { describeError, log } from './log.ts';
import { type Sandbox, startSandbox } from './sandbox/start-sandbox.ts';
import { runPrimary } from './workers/run-primary.ts';
import { runWorker } from './workers/run-worker.ts';

/** How long the last line of a process that ends by an error may take. */
const LAST_LINE_MS = 1000;
/** What a model of the sandbox costs, so that users' keys can be tried on it too. */
const FREE = { inputUsdPerMillion: 0, outputUsdPerMillion: 0 };

process.on('uncaughtException', (error) => {
  log('error', 'the process ends: an error that nothing expected', describeError(error));
  // The line has to leave first.
  void getLogger()
    .close(LAST_LINE_MS)
    .finally(() => process.exit(1));
});

try {
  await run();
} catch (error) {
  // Before the start, or when all is closed again, there is no logger: whoever started it reads this.
  const text = error instanceof Error ? error.message : String(error);
  const line = error instanceof ConfigError ? `${text}\n` : `The gateway did not start: ${text}\n`;
  process.exitCode = 1;
  // Whatever was opened by then, be it a worker's channel, does not keep it alive.
  process.stderr.write(line, () => process.exit(1));
}

async function run(): Promise<void> {
  const { config: configured, secrets: given } = readConfig(process.env);
  if (cluster.isWorker) {
    await runWorker(configured, given, (config, secrets, place) =>
      createGateway(config, secrets, null, place),
    );
    return;
  }
  const sandbox = configured.providers.length === 0 ? await startSandbox() : null;
  const config = sandbox === null ? configured : withSandbox(configured, sandbox);
  const generatedKey = config.auth === 'keys' && given.clientKeys.length === 0 ? createKey() : null;
  const secrets: Secrets = generatedKey === null ? given : { ...given, clientKeys: [generatedKey] };

  // What the sandbox can be told, it is told in this process.
  const isAlone = config.workers === 1 || sandbox !== null;
  const url = isAlone
    ? await runAlone(config, secrets, sandbox)
    : await runPrimary(config, secrets, generatedKey);
  // Standard output is for log lines.
  process.stderr.write(toBanner({ url, config, generatedKey, hasSandbox: sandbox !== null }));
}

async function runAlone(config: Config, secrets: Secrets, sandbox: Sandbox | null): Promise<string> {
  const gateway = await createGateway(config, secrets, sandbox);
  drainOnSignal(gateway);
  return gateway.listen();
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
    prices: Object.fromEntries(models.map((model) => [model, FREE])),
    allowPrivateAddresses: true,
    maxConnections: 256,
  }));
  return { ...config, providers };
}

function createKey(): string {
  return `gz-${randomBytes(18).toString('base64url')}`;
}
