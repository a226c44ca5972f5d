import { AdminError, createAdminClient } from './keys-cli/admin-client.ts';
import { readCommand, UsageError } from './keys-cli/read-command.ts';
import { runCommand } from './keys-cli/run-command.ts';

process.exitCode = await run();

/** 0: done; 1: the gateway refused or could not be reached; 2: it was not said what to do. */
async function run(): Promise<0 | 1 | 2> {
  try {
    const command = readCommand(process.argv.slice(2));
    const { GATEWAYZ_URL: url = 'http://127.0.0.1:8000', ADMIN_TOKEN: token } = process.env;
    const client = createAdminClient(url, token);
    await runCommand(command, client, (text) => process.stdout.write(`${text}\n`));
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof AdminError)) throw error;
    process[error instanceof UsageError && error.isHelp ? 'stdout' : 'stderr'].write(`${error.message}\n`);
    if (error instanceof AdminError) return 1;
    return error.isHelp ? 0 : 2;
  }
}
