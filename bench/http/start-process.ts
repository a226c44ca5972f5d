import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { type Cores, pinned } from './pinning.ts';

const READY_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 5_000;

const children = new Set<ChildProcess>();

process.once('exit', () => {
  for (const child of children) {
    child.kill('SIGKILL');
  }
});

/** What a process is started with; its standard output goes to /dev/null and its error output to a file. */
export interface ProcessPlan {
  readonly name: string;
  readonly nodeArguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly cores: Cores;
  readonly folder: string;
  /** The port that it will listen on, or null where it speaks over IPC. */
  readonly port: number | null;
}

/** A started process. */
export interface RunningProcess {
  readonly child: ChildProcess;
  readonly pid: number;
}

/** A TCP port of the loopback address that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

async function listening(
  plan: ProcessPlan,
  port: number,
  child: ChildProcess,
  errorFile: string,
): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while (!(await accepts(port))) {
    if (child.exitCode !== null || performance.now() > deadline) {
      child.kill('SIGKILL');
      const said = readFileSync(errorFile, 'utf8').trim().slice(-2000);
      throw new Error(`${plan.name} does not listen (exit code ${child.exitCode}): ${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/**
 * Starts Node with the plan's arguments and waits until its port accepts connections.
 * @throws Error with what the process wrote to its error output
 */
export async function startProcess(plan: ProcessPlan): Promise<RunningProcess> {
  const errorFile = join(plan.folder, `${plan.name}.err`);
  const errorOutput = openSync(errorFile, 'a');
  const command = pinned(plan.cores, [process.execPath, ...plan.nodeArguments]);
  const child = spawn(command.file, command.arguments, {
    env: { ...process.env, NODE_ENV: 'production', ...plan.environment },
    stdio: ['ignore', 'ignore', errorOutput, ...(plan.port === null ? (['ipc'] as const) : [])],
  });
  closeSync(errorOutput);
  children.add(child);
  child.once('exit', () => children.delete(child));
  if (plan.port !== null) {
    await listening(plan, plan.port, child, errorFile);
  }
  return { child, pid: child.pid ?? 0 };
}

/** Asks the process to end, and ends it when it does not. */
export async function stopProcess({ child }: RunningProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return;
  }
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await gone;
  clearTimeout(force);
}

/** The most memory that the process has had resident so far, in MiB. */
export function peakMemoryMib(pid: number): number {
  const kib = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(kib?.[1] ?? 0) / 1024;
}
