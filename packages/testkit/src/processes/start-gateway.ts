import { join } from 'node:path';
import type { Metrics } from '../metrics-text/metrics.ts';
import { readMetrics } from '../metrics-text/metrics.ts';
import { freePort } from '../wire/free-port.ts';
import type { ProcessExit, RunningProcess } from './start-process.ts';
import { startProcess } from './start-process.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface GatewayOptions {
  /** Written as the config file; without it the gateway is told of none. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** Options for Node itself, before the script. */
  readonly nodeArgs?: readonly string[];
  /** The script to run; default the gateway's `main.ts`. */
  readonly entry?: string;
  /** Default 30,000 ms. */
  readonly readyTimeoutMs?: number;
}

/** A real gateway process on a free loopback port. */
export interface RunningGateway extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly process: RunningProcess;
  /** Where it writes; gone after `stop()`. */
  readonly dataFolder: string;
  /** Scrapes `/metrics`, with `METRICS_TOKEN` where `env` has one. Throws on another status or malformed text. */
  metrics(): Promise<Metrics>;
  /** SIGTERM, SIGKILL after `graceMs` (default 5,000): a signal in the exit says that it did not drain in time. */
  stop(graceMs?: number): Promise<ProcessExit>;
}

/** The root of the workspace that this package lives in. */
export const repositoryRoot: string = join(import.meta.dirname, '../../../..');

const GATEWAY_ENTRY = join(repositoryRoot, 'apps/gateway/src/main.ts');

/** A health service of the gateway's own would probe the providers, and be in every count of their logs. */
function withoutProbes(config: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return { healthService: { embedded: false }, ...config };
}

async function scrape(url: string, token: string | undefined): Promise<Metrics> {
  // A connection that is kept may be one to a worker that was stopped since.
  const headers = {
    connection: 'close',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  const response = await fetch(`${url}/metrics`, { headers });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`/metrics answered ${response.status}: ${text.slice(0, 500)}`);
  return readMetrics(text);
}

/**
 * Starts the gateway from its sources in an empty environment and working folder, so that no key, `.env` or config
 * of the host leaks in, and waits for `/health/ready` to be 200. Rejects with its output where that does not come.
 */
export async function startGateway(options: GatewayOptions = {}): Promise<RunningGateway> {
  const { config, env = {}, args = [], nodeArgs = [], entry = GATEWAY_ENTRY } = options;
  const [folder, port] = await Promise.all([temporaryFolder('gatewayz-gateway-'), freePort()]);
  const url = `http://127.0.0.1:${port}`;
  const configPath =
    config === undefined ? null : await folder.write('gatewayz.yaml', JSON.stringify(withoutProbes(config)));
  const dataFolder = join(folder.path, 'data');
  try {
    const running = await startProcess({
      command: process.execPath,
      args: [...nodeArgs, entry, ...args],
      cwd: folder.path,
      env: {
        HOST: '127.0.0.1',
        PORT: String(port),
        GATEWAYZ_DATA_DIR: dataFolder,
        ...(configPath === null ? {} : { GATEWAYZ_CONFIG: configPath }),
        ...env,
      },
      readyWhen: `${url}/health/ready`,
      ...(options.readyTimeoutMs === undefined ? {} : { readyTimeoutMs: options.readyTimeoutMs }),
    });
    const stop = async (graceMs?: number): Promise<ProcessExit> => {
      const exit = await running.stop(graceMs);
      await folder.dispose();
      return exit;
    };
    const metrics = (): Promise<Metrics> => scrape(url, env.METRICS_TOKEN);
    return {
      url,
      port,
      process: running,
      dataFolder,
      metrics,
      stop,
      [Symbol.asyncDispose]: async () => void (await stop()),
    };
  } catch (error) {
    await folder.dispose();
    throw error;
  }
}
