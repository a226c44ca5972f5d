import { parseArgs } from 'node:util';
import { ConfigError } from '@gatewayz/config';
import { isHealthy, toJsonReport, toReport } from './print-report.ts';
import { readSettings } from './read-settings.ts';
import { runChecks } from './run-checks.ts';

const USAGE = `npm run doctor -- [--url <base URL of the gateway>] [--json]

Checks a running deployment, with the environment and the configuration of its gateway.
Exits with 0 where nothing failed, else with 1.
`;

process.exitCode = await run();

async function run(): Promise<0 | 1> {
  const options = readOptions();
  if (options === null || options.help) {
    process[options === null ? 'stderr' : 'stdout'].write(USAGE);
    return options === null ? 1 : 0;
  }
  try {
    const results = await runChecks(readSettings(process.env, options.url));
    process.stdout.write(options.json ? toJsonReport(results) : toReport(results));
    return isHealthy(results) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const { message, problems } = error;
    if (options.json)
      process.stdout.write(`${JSON.stringify({ ok: false, problems, checks: [] }, null, 2)}\n`);
    else process.stderr.write(`${message}\n`);
    return 1;
  }
}

function readOptions(): {
  readonly url: string | null;
  readonly json: boolean;
  readonly help: boolean;
} | null {
  try {
    const { values } = parseArgs({
      options: { url: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    });
    return { url: values.url ?? null, json: values.json ?? false, help: values.help ?? false };
  } catch {
    return null;
  }
}
