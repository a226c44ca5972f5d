import type { ChildProcessByStdio } from 'node:child_process';
import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { guardGroup, signalGroup } from './process-group.ts';

export interface ProcessOptions {
  readonly command: string;
  readonly args?: readonly string[];
  /** The whole environment besides `PATH`, `HOME`, `TMPDIR`, `LANG` and `TZ`: nothing else is inherited. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** A pattern to be seen in the output, or a URL to answer 200. Absent: ready at once. */
  readonly readyWhen?: RegExp | string;
  /** Default 30,000 ms. */
  readonly readyTimeoutMs?: number;
}

export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A child process, the leader of a group that goes with it. */
export interface RunningProcess extends AsyncDisposable {
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  /** Signals the leader alone; false where it is gone. */
  kill(signal: NodeJS.Signals): boolean;
  readonly exit: Promise<ProcessExit>;
  readonly hasExited: boolean;
  /** Resolves when the pattern has been seen in stdout or stderr; rejects at exit or after the timeout. */
  waitForOutput(pattern: RegExp, timeoutMs?: number): Promise<void>;
  /** SIGTERM to the whole group, SIGKILL after `graceMs` (default 5,000); resolves with the exit. */
  stop(graceMs?: number): Promise<ProcessExit>;
}

const INHERITED = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'TZ'] as const;
const POLL_MS = 25;
const READY_MS = 30_000;

function toEnvironment(env: Readonly<Record<string, string>>): Record<string, string> {
  const inherited: Record<string, string> = {};
  for (const name of INHERITED) {
    const value = process.env[name];
    if (value !== undefined) inherited[name] = value;
  }
  return { ...inherited, ...env };
}

async function answers200(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(1000) });
    await response.arrayBuffer();
    return response.status === 200;
  } catch {
    return false;
  }
}

class ProcessGroup implements RunningProcess {
  readonly pid: number;
  readonly exit: Promise<ProcessExit>;
  hasExited = false;
  readonly #name: string;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  #stdout = '';
  #stderr = '';

  constructor(child: ChildProcessByStdio<null, Readable, Readable>, pid: number, name: string) {
    this.pid = pid;
    this.#name = name;
    this.#child = child;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.exit = this.#watch();
  }

  stdout(): string {
    return this.#stdout;
  }

  stderr(): string {
    return this.#stderr;
  }

  kill(signal: NodeJS.Signals): boolean {
    return this.#child.kill(signal);
  }

  async stop(graceMs = 5000): Promise<ProcessExit> {
    if (this.hasExited) return this.exit;
    signalGroup(this.pid, 'SIGTERM');
    const timer = setTimeout(() => signalGroup(this.pid, 'SIGKILL'), graceMs);
    const exit = await this.exit;
    clearTimeout(timer);
    return exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  waitForOutput(pattern: RegExp, timeoutMs: number = READY_MS): Promise<void> {
    return this.#until(async () => pattern.test(this.#stdout) || pattern.test(this.#stderr), timeoutMs);
  }

  waitForUrl(url: string, timeoutMs: number): Promise<void> {
    return this.#until(() => answers200(url), timeoutMs);
  }

  #watch(): Promise<ProcessExit> {
    const removeGuard = guardGroup(this.pid);
    const killGroup = (): void => void signalGroup(this.pid, 'SIGKILL');
    process.once('exit', killGroup);
    this.#child.once('exit', () => {
      this.hasExited = true;
      killGroup();
    });
    return new Promise((resolve) => {
      this.#child.once('close', (code, signal) => {
        process.off('exit', killGroup);
        removeGuard();
        resolve({ code, signal });
      });
    });
  }

  async #until(isReady: () => Promise<boolean>, timeoutMs: number): Promise<void> {
    const deadlineMs = performance.now() + timeoutMs;
    while (!(await isReady())) {
      if (this.hasExited) throw new Error(this.#describe('exited before it was ready'));
      if (performance.now() > deadlineMs)
        throw new Error(this.#describe(`was not ready after ${timeoutMs} ms`));
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  #describe(what: string): string {
    const tail = (text: string): string => text.slice(-4000);
    return `${this.#name} ${what}\n--- stdout\n${tail(this.#stdout)}\n--- stderr\n${tail(this.#stderr)}`;
  }
}

/**
 * Starts a program as the leader of its own process group and waits until it is ready. The group is killed when the
 * leader exits, on `stop()`, and when this process ends in whatever way.
 * Rejects, with the program's output, when it cannot start, exits early or is not ready in time.
 */
export async function startProcess(options: ProcessOptions): Promise<RunningProcess> {
  const { command, args = [], env = {}, cwd, readyWhen, readyTimeoutMs = READY_MS } = options;
  const child = spawn(command, args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: toEnvironment(env),
    ...(cwd === undefined ? {} : { cwd }),
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${command} has no process id`);
  const running = new ProcessGroup(child, pid, command);
  try {
    if (readyWhen instanceof RegExp) await running.waitForOutput(readyWhen, readyTimeoutMs);
    else if (readyWhen !== undefined) await running.waitForUrl(readyWhen, readyTimeoutMs);
    return running;
  } catch (error) {
    await running.stop(0);
    throw error;
  }
}
