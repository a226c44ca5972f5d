import { join } from 'node:path';
import {
  freePort,
  type RunningProcess,
  repositoryRoot,
  startProcess,
  temporaryFolder,
} from '@gatewayz/testkit';
import { expect, test } from 'vitest';

const START_MS = 20_000;

interface Completion {
  readonly model: string;
  readonly choices: readonly { readonly message: { readonly content: string } }[];
}

/** Runs a printed line through a shell as it is; the flag that `more` holds is added behind it. */
async function paste(line: string, more = ''): Promise<string> {
  await using shell = await startProcess({ command: 'sh', args: ['-c', `${line}${more}`] });
  const { code } = await shell.exit;
  expect([code, shell.stderr()]).toEqual([0, '']);
  return shell.stdout();
}

function printedCommands(gateway: RunningProcess): readonly string[] {
  return gateway
    .stderr()
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('curl '));
}

test('without any configuration, the printed commands work as they are printed', async () => {
  await using folder = await temporaryFolder();
  const port = await freePort();
  await using gateway = await startProcess({
    command: process.execPath,
    args: [join(repositoryRoot, 'apps/gateway/src/main.ts')],
    cwd: folder.path,
    env: { PORT: String(port) },
    readyWhen: /Break one[\s\S]*curl [^\n]*\n/,
    readyTimeoutMs: START_MS,
  });
  const [question = '', breaking = ''] = printedCommands(gateway);
  expect(printedCommands(gateway)).toHaveLength(2);

  const answer = JSON.parse(await paste(question)) as Completion;
  expect(answer.choices[0]?.message.content.length).toBeGreaterThan(20);
  const withHead = ' -o /dev/null -w "%{http_code} %header{x-gatewayz-provider}"';
  expect(await paste(question, withHead)).toBe('200 sandbox-fast');

  expect(await paste(breaking)).toContain('down');
  const [status, provider] = (await paste(question, withHead)).split(' ');
  expect(status).toBe('200');
  expect(provider).toMatch(/^sandbox-/);
  expect(provider).not.toBe('sandbox-fast');

  for (const path of ['/health', '/metrics']) {
    const line =
      gateway
        .stderr()
        .split('\n')
        .find((text) => text.trim().endsWith(path)) ?? '';
    const url = /http:\S+/.exec(line)?.[0] ?? '';
    expect((await fetch(url)).status).toBe(200);
  }
  gateway.kill('SIGTERM');
  expect(await gateway.exit).toEqual({ code: 0, signal: null });
});

test('without the printed key, nothing is answered', async () => {
  await using folder = await temporaryFolder();
  const port = await freePort();
  await using gateway = await startProcess({
    command: process.execPath,
    args: [join(repositoryRoot, 'apps/gateway/src/main.ts')],
    cwd: folder.path,
    env: { PORT: String(port) },
    readyWhen: `http://127.0.0.1:${port}/health/ready`,
    readyTimeoutMs: START_MS,
  });
  const response = await fetch(`http://127.0.0.1:${port}/v1/models`);
  expect(response.status).toBe(401);
  const key = /Key\s+(gz-\S+)/.exec(gateway.stderr())?.[1];
  const headers = { authorization: `Bearer ${key}` };
  expect((await fetch(`http://127.0.0.1:${port}/v1/models`, { headers })).status).toBe(200);
});
