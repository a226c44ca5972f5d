import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  freePort,
  type RunningProcess,
  repositoryRoot,
  startProcess,
  temporaryFolder,
} from '@gatewayz/testkit';
import { describe, expect, test } from 'vitest';

const readme = readFileSync(join(repositoryRoot, 'README.md'), 'utf8');

/** The fenced blocks below a heading, in order. */
function blocksBelow(heading: string): readonly string[] {
  const section = readme.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  return [...section.matchAll(/^```\w+\n(.*?)^```$/gms)].map((match) => match[1] ?? '');
}

async function outputOf(command: string, args: readonly string[], env = {}): Promise<string> {
  await using running = await startProcess({ command, args, env, cwd: repositoryRoot });
  const { code } = await running.exit;
  expect([code, running.stderr()]).toEqual([0, '']);
  return running.stdout();
}

interface Started extends AsyncDisposable {
  readonly output: string;
  /** Runs lines of the README in a shell, against this gateway. */
  run(lines: string): Promise<string>;
}

/**
 * The gateway as `npm start` runs it, in an empty folder and on a free port; where `openMs` is given its breakers
 * stay open that long, and the README's half minute of waiting shrinks with it.
 */
async function start(openMs?: number): Promise<Started> {
  const [folder, port] = await Promise.all([temporaryFolder(), freePort()]);
  if (openMs !== undefined)
    writeFileSync(join(folder.path, 'gatewayz.yaml'), `breaker: { openMs: ${openMs} }\n`);
  const gateway: RunningProcess = await startProcess({
    command: process.execPath,
    args: [join(repositoryRoot, 'apps/gateway/src/main.ts')],
    cwd: folder.path,
    env: { PORT: String(port) },
    readyWhen: /Break one[\s\S]*curl [^\n]*\n/,
  });
  const key = /gz-[\w-]+/.exec(gateway.stderr())?.[0] ?? '';
  return {
    output: gateway.stderr().replaceAll(`:${port}`, ':8000').replaceAll(key, 'gz-…'),
    run: (lines) => outputOf('sh', ['-c', lines.replaceAll(':8000', `:${port}`)], { KEY: key }),
    async [Symbol.asyncDispose]() {
      await gateway.stop();
      await folder.dispose();
    },
  };
}

describe('what the README shows', () => {
  test('is what the start prints, but for the key', async () => {
    await using gateway = await start();
    expect(gateway.output.trimEnd()).toBe(blocksBelow('Start')[1]?.trimEnd());
  });

  test('is how the answer to its question begins', async () => {
    await using gateway = await start();
    const [command = '', text = ''] = blocksBelow('Ask');
    const answer = JSON.parse(await gateway.run(command)) as {
      readonly choices: readonly { readonly message: { readonly content: string } }[];
    };
    expect(text.trim().length).toBeGreaterThan(20);
    expect(answer.choices[0]?.message.content.slice(0, text.trim().length)).toBe(text.trim());
  });

  test('is what comes out when a provider is broken', async () => {
    await using gateway = await start(3000);
    const [breaking = '', broken = '', mending = '', mended = ''] = blocksBelow('Break a provider and watch');
    expect(mending).toContain('sleep 31\n');
    const ask = breaking.split('\n')[0] ?? '';
    expect((await gateway.run(breaking)).replaceAll('\r', '')).toBe(broken);
    const wait = mending.replace('sleep 31\n', 'sleep 3.1\n');
    expect((await gateway.run(`${ask}\n${wait}`)).replaceAll('\r', '')).toBe(mended);
  });

  test('puts metrics into another backend, in five lines', async () => {
    const [code = ''] = blocksBelow('In your own backend');
    expect(code.split('\n').filter((line) => line !== '')).toHaveLength(5);
    const more = `
      call.end({ outcome: 'success' });
      const { body } = await app.inject('/metrics');
      console.log(/^model_inference_requests_total{.*"success"} .*$/m.exec(body)?.[0]);
      await app.close();`;
    const output = await outputOf(process.execPath, [
      '--input-type=module-typescript',
      '--eval',
      code + more,
    ]);
    expect(output).toBe(
      'model_inference_requests_total{provider="groq",model="llama",status="success"} 1.0\n',
    );
  });

  test('fits on a page', () => {
    expect(readme.split('\n').length).toBeLessThan(150);
  });
});
