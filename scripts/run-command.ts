import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';

export interface CommandOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Show the output as it comes instead of keeping it. */
  readonly isShown?: boolean;
}

export interface CommandResult {
  readonly isOk: boolean;
  /** What the command wrote to both streams, in the order of arrival; empty where it was shown instead. */
  readonly output: string;
  readonly durationMs: number;
}

/** The environment with the tools of `node_modules/.bin` first, the pinned Node among them. */
export function toToolEnvironment(root: string): NodeJS.ProcessEnv {
  return { ...process.env, PATH: [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter) };
}

/** Runs a command without a shell and without input; a command that cannot be started is a failed one. */
export function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  const started = performance.now();
  const streams = options.isShown ? 'inherit' : 'pipe';
  return new Promise((resolve) => {
    const chunks: string[] = [];
    const finish = (isOk: boolean): void =>
      resolve({ isOk, output: chunks.join(''), durationMs: performance.now() - started });
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? toToolEnvironment(options.cwd),
      stdio: ['ignore', streams, streams],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => chunks.push(text));
    }
    child.once('error', (error) => {
      chunks.push(`${command}: ${error.message}\n`);
      finish(false);
    });
    child.once('close', (exitCode) => finish(exitCode === 0));
  });
}
