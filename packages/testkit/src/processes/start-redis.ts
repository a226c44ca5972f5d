import { freePort } from '../wire/free-port.ts';
import type { RunningProcess } from './start-process.ts';
import { startProcess } from './start-process.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface RedisOptions {
  /** Default a free one; give a former server's to have it come back at the same address. */
  readonly port?: number;
  /** Further arguments for `redis-server`. */
  readonly args?: readonly string[];
}

/** A real, empty Redis on a loopback port, that keeps nothing on disk. */
export interface RunningRedis extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly process: RunningProcess;
  /** Freezes it: connections stay open and nothing answers. */
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
}

/** Starts `redis-server` from the PATH and waits until it takes connections. */
export async function startRedis(options: RedisOptions = {}): Promise<RunningRedis> {
  const folder = await temporaryFolder('gatewayz-redis-');
  try {
    const port = options.port ?? (await freePort());
    const keepNothing = ['--save', '', '--appendonly', 'no', '--dir', folder.path];
    const process = await startProcess({
      command: 'redis-server',
      args: ['--port', String(port), '--bind', '127.0.0.1', ...keepNothing, ...(options.args ?? [])],
      cwd: folder.path,
      readyWhen: /Ready to accept connections/,
    });
    const resume = (): void => void process.kill('SIGCONT');
    const stop = async (): Promise<void> => {
      // A frozen process would not see the signal to end.
      resume();
      await process.stop();
      await folder.dispose();
    };
    return {
      url: `redis://127.0.0.1:${port}`,
      port,
      process,
      pause: () => void process.kill('SIGSTOP'),
      resume,
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await folder.dispose();
    throw error;
  }
}
