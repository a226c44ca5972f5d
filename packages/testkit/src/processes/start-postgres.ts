import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { chown } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../wire/free-port.ts';
import type { RunningProcess } from './start-process.ts';
import { startProcess } from './start-process.ts';
import type { TemporaryFolder } from './temporary-folder.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface PostgresOptions {
  /** Settings by name, such as `max_connections`, over the server's defaults. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A real Postgres on a free loopback port, with an empty database, that trusts everyone. */
export interface RunningPostgres extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** The folder of its programs, `psql` among them. */
  readonly programsFolder: string;
  /** The one that is running now: another one after a restart. */
  readonly process: RunningProcess;
  /** Freezes it with every connection's process: connections stay open and nothing answers. */
  pause(): void;
  resume(): void;
  /** Cuts every connection, shuts down and starts again on the same data and port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

type Command = { readonly command: string; readonly args: readonly string[] };

const run = promisify(execFile);

function findPrograms(): string {
  const newestFirst = globSync('/usr/lib/postgresql/*/bin/postgres').sort((a, b) =>
    b.localeCompare(a, 'en', { numeric: true }),
  );
  const [newest] = newestFirst;
  if (newest === undefined) throw new Error('There is no /usr/lib/postgresql/*/bin/postgres');
  return dirname(newest);
}

const isRoot = (): boolean => process.getuid?.() === 0;

/** Postgres refuses to run as root: the package's own user does it then. */
function asOrdinaryUser(command: string, args: readonly string[]): Command {
  if (!isRoot()) return { command, args };
  return {
    command: 'setpriv',
    args: ['--reuid=postgres', '--regid=postgres', '--init-groups', '--', command, ...args],
  };
}

async function createCluster(folder: TemporaryFolder, programs: string): Promise<string> {
  if (isRoot()) {
    const ids = await Promise.all(['-u', '-g'].map((flag) => run('id', [flag, 'postgres'])));
    const [uid, gid] = ids.map(({ stdout }) => Number(stdout));
    await chown(folder.path, uid ?? -1, gid ?? -1);
  }
  const data = join(folder.path, 'data');
  const flags = ['--auth=trust', '--username=gatewayz', '--no-locale', '--encoding=UTF8', '--no-sync'];
  const { command, args } = asOrdinaryUser(join(programs, 'initdb'), [...flags, `--pgdata=${data}`]);
  await run(command, args, { cwd: folder.path });
  return data;
}

/** Each of them leads a group of its own, so that a signal to the server's group does not reach them. */
function childrenOf(pid: number): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function signalAll(server: RunningProcess, signal: NodeJS.Signals): void {
  server.kill(signal);
  for (const pid of childrenOf(server.pid)) {
    try {
      process.kill(pid, signal);
    } catch {
      // Gone since it was listed.
    }
  }
}

const FAST_SHUTDOWN_MS = 10_000;

async function shutDown(server: RunningProcess): Promise<void> {
  // A frozen process would not see the signal to end; SIGTERM would wait for the clients to leave.
  signalAll(server, 'SIGCONT');
  server.kill('SIGINT');
  const timer = setTimeout(() => signalAll(server, 'SIGKILL'), FAST_SHUTDOWN_MS);
  await server.exit;
  clearTimeout(timer);
}

/** Starts the newest installed Postgres on a data folder of its own and waits until it takes connections. */
export async function startPostgres(options: PostgresOptions = {}): Promise<RunningPostgres> {
  const folder = await temporaryFolder('gatewayz-postgres-');
  try {
    const [programs, port] = [findPrograms(), await freePort()];
    const data = await createCluster(folder, programs);
    const settings = { listen_addresses: '127.0.0.1', unix_socket_directories: '', ...options.settings };
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const { command, args } = asOrdinaryUser(join(programs, 'postgres'), [
      '-D',
      data,
      '-p',
      String(port),
      ...flags,
    ]);
    const start = (): Promise<RunningProcess> =>
      startProcess({ command, args, cwd: folder.path, readyWhen: /ready to accept connections/ });
    let server = await start();
    const stop = async (): Promise<void> => {
      await shutDown(server);
      await folder.dispose();
    };
    return {
      url: `postgres://gatewayz@127.0.0.1:${port}/postgres`,
      port,
      programsFolder: programs,
      get process() {
        return server;
      },
      pause: () => signalAll(server, 'SIGSTOP'),
      resume: () => signalAll(server, 'SIGCONT'),
      restart: async () => {
        await shutDown(server);
        server = await start();
      },
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await folder.dispose();
    throw error;
  }
}
