import { join } from 'node:path';
import {
  freePort,
  type RunningProcess,
  repositoryRoot,
  startProcess,
  temporaryFolder,
} from '@gatewayz/testkit';

export const METRICS_TOKEN = 'token-of-the-scraper';
export const ADMIN_TOKEN = 'token-of-the-operator';

export interface GatewayProcessOptions {
  /** Further sections of the configuration; `auth` is open, and no health service is embedded. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
}

/** A real gateway that can be killed, and started again at the same address. */
export interface GatewayProcess extends AsyncDisposable {
  readonly url: string;
  /** `host:port`. */
  readonly address: string;
  /** Throws where it does not run. */
  pid(): number;
  /** SIGKILL; the port is closed from then on. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Freezes it: connections stay open and nothing answers. */
  pause(): void;
  resume(): void;
}

/** Many of them start side by side. */
const READY_MS = 90_000;
const MAIN = join(repositoryRoot, 'apps/gateway/src/main.ts');

/** Starts a gateway on a free loopback port, with what the environment of the deployed one has. */
export async function startGatewayProcess(options: GatewayProcessOptions): Promise<GatewayProcess> {
  const [folder, port] = await Promise.all([temporaryFolder('gatewayz-stack-'), freePort()]);
  const url = `http://127.0.0.1:${port}`;
  const config = { auth: { mode: 'open' }, healthService: { embedded: false }, ...options.config };
  const configPath = await folder.write('gatewayz.yaml', JSON.stringify(config));
  let running: RunningProcess | null = null;

  async function start(): Promise<void> {
    running = await startProcess({
      command: process.execPath,
      args: [MAIN],
      cwd: folder.path,
      env: {
        HOST: '127.0.0.1',
        PORT: String(port),
        GATEWAYZ_CONFIG: configPath,
        GATEWAYZ_DATA_DIR: join(folder.path, 'data'),
        METRICS_TOKEN,
        ADMIN_TOKEN,
        ...options.env,
      },
      readyWhen: `${url}/health/ready`,
      readyTimeoutMs: READY_MS,
    });
  }

  async function kill(): Promise<void> {
    running?.kill('SIGKILL');
    await running?.exit;
  }

  const dispose = async (): Promise<void> => {
    await kill();
    await folder.dispose();
  };
  await start().catch(async (error: unknown) => {
    await dispose();
    throw error;
  });
  return {
    url,
    address: `127.0.0.1:${port}`,
    pid: () => {
      if (running === null || running.hasExited) throw new Error('the gateway does not run');
      return running.pid;
    },
    start,
    kill,
    pause: () => void running?.kill('SIGSTOP'),
    resume: () => void running?.kill('SIGCONT'),
    [Symbol.asyncDispose]: dispose,
  };
}
