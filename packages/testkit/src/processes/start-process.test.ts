import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { freePort } from '../wire/free-port.ts';
import { startProcess } from './start-process.ts';
import { temporaryFolder } from './temporary-folder.ts';

const PATIENT = { timeout: 10_000, interval: 5 };

function node(script: string, args: readonly string[] = []) {
  return { command: process.execPath, args: ['-e', script, ...args] };
}

/** Zombies, which only their parent can clear away, count as gone. */
async function isRunning(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
    const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    return !/\) [ZX] /.test(state);
  } catch {
    return false;
  }
}

const WITH_CHILD = `
const child = require('node:child_process').spawn('sleep', ['600'], { stdio: 'ignore' });
console.log('child ' + child.pid);
`;

test('output is kept, and readiness waits for a pattern in it', async () => {
  const running = await startProcess({
    ...node(
      `console.error('warming'); setTimeout(() => console.log('ready now'), 20); setInterval(() => {}, 1000)`,
    ),
    readyWhen: /ready \w+/,
  });
  expect(running.stdout()).toBe('ready now\n');
  expect(running.stderr()).toBe('warming\n');
  expect(await running.stop()).toEqual({ code: null, signal: 'SIGTERM' });
});

test('readiness can be a URL that answers 200', async () => {
  const port = await freePort();
  const script = `let asked = 0;
    require('node:http').createServer((_, response) => { response.statusCode = ++asked < 3 ? 503 : 200; response.end(String(asked)); })
      .listen(${port}, '127.0.0.1');`;
  const running = await startProcess({ ...node(script), readyWhen: `http://127.0.0.1:${port}/` });
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('4');
  await running.stop();
});

test('only the given environment is passed on', async () => {
  vi.stubEnv('SECRET_API_KEY', 'sk-leak');
  const running = await startProcess({
    ...node('console.log(JSON.stringify(process.env))'),
    env: { GIVEN: 'yes' },
  });
  expect(await running.exit).toEqual({ code: 0, signal: null });
  vi.unstubAllEnvs();
  const env = JSON.parse(running.stdout()) as Record<string, string>;
  expect(env.GIVEN).toBe('yes');
  expect(Object.keys(env)).not.toContain('SECRET_API_KEY');
  expect(Object.keys(env)).not.toContain('NODE_ENV');
});

test('a program that exits early or does not exist is reported with what it said', async () => {
  const failing = startProcess({
    ...node(`console.error('bad config'); process.exit(3)`),
    readyWhen: /never/,
  });
  await expect(failing).rejects.toThrow(/exited before it was ready[\s\S]*bad config/);
  await expect(startProcess({ command: 'no-such-program' })).rejects.toThrow(/ENOENT/);
});

test('a program that is not ready in time is stopped and reported', async () => {
  const never = startProcess({
    ...node(`console.log(process.pid); setInterval(() => {}, 1000)`),
    readyWhen: /never/,
    readyTimeoutMs: 500,
  });
  const error = await never.catch((reason: unknown) => reason);
  expect(String(error)).toContain('was not ready after 500 ms');
  const pid = Number(/stdout\n(\d+)/.exec(String(error))?.[1]);
  expect(pid).toBeGreaterThan(1);
  await vi.waitFor(async () => expect(await isRunning(pid)).toBe(false), PATIENT);
});

test('a signal goes to the leader alone, and its exit takes its children along', async () => {
  const script = `process.on('SIGUSR2', () => process.exit(7)); ${WITH_CHILD} setInterval(() => {}, 1000);`;
  const running = await startProcess({ ...node(script), readyWhen: /child \d+/ });
  const child = Number(/child (\d+)/.exec(running.stdout())?.[1]);
  expect(await isRunning(child)).toBe(true);
  expect(running.kill('SIGUSR2')).toBe(true);
  expect(await running.exit).toEqual({ code: 7, signal: null });
  await vi.waitFor(async () => expect(await isRunning(child)).toBe(false), PATIENT);
});

test('a program that ignores SIGTERM is killed with its children after the grace time', async () => {
  const script = `process.on('SIGTERM', () => {}); ${WITH_CHILD} setInterval(() => {}, 1000);`;
  const running = await startProcess({ ...node(script), readyWhen: /child \d+/ });
  const child = Number(/child (\d+)/.exec(running.stdout())?.[1]);
  expect(await running.stop(50)).toEqual({ code: null, signal: 'SIGKILL' });
  await vi.waitFor(async () => expect(await isRunning(child)).toBe(false), PATIENT);
});

test('when the process that started it is killed outright, nothing is left running', async () => {
  const starter = await startProcess({
    command: process.execPath,
    args: [
      '--input-type=module',
      '-e',
      `import { startProcess } from ${JSON.stringify(join(import.meta.dirname, 'start-process.ts'))};
       const inner = await startProcess({ command: 'sleep', args: ['600'] });
       console.log('inner ' + inner.pid);`,
    ],
    readyWhen: /inner \d+/,
  });
  const inner = Number(/inner (\d+)/.exec(starter.stdout())?.[1]);
  expect(await isRunning(inner)).toBe(true);
  starter.kill('SIGKILL');
  await starter.exit;
  await vi.waitFor(async () => expect(await isRunning(inner)).toBe(false), PATIENT);
});

test('a temporary folder is gone after its disposal', async () => {
  const folder = await temporaryFolder();
  const file = await folder.write('a.txt', 'hello');
  expect(await readFile(file, 'utf8')).toBe('hello');
  await folder.dispose();
  await expect(readFile(file)).rejects.toMatchObject({ code: 'ENOENT' });
});
