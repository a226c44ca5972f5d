import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Cores } from '../http/pinning.ts';
import { freePort, startProcess, stopProcess } from '../http/start-process.ts';

const PROVIDERS = 30;
const MODELS_PER_PROVIDER = 300;
/** How much the health service has to watch. */
export const MODELS: number = PROVIDERS * MODELS_PER_PROVIDER;

/** A real health service that tracks all {@link MODELS}, and the stub that stands for its providers. */
export interface SizedHealthService {
  readonly url: string;
  /** Bytes of body of the four answers that a poll reads. */
  readonly answerBytes: number;
  stop(): Promise<void>;
}

const MAIN = fileURLToPath(new URL('../../apps/health-service/src/main.ts', import.meta.url));
const POLLED = ['/health', '/status', '/metrics', '/cache/stats'];
const READY_TIMEOUT_MS = 60_000;

const names = Array.from({ length: MODELS_PER_PROVIDER }, (_, index) => `vendor/model-${index}-instruct`);

async function startProviderStub(): Promise<Server> {
  const list = JSON.stringify({ object: 'list', data: names.map((id) => ({ id, object: 'model' })) });
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'application/json' }).end(list);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function toConfig(stub: Server): string {
  const { port } = stub.address() as AddressInfo;
  const provider = (_: unknown, index: number) =>
    [
      `provider-${index}`,
      { baseUrl: `http://127.0.0.1:${port}/${index}/v1`, apiKey: 'sk-of-the-bench', models: names },
    ] as const;
  return JSON.stringify({
    auth: { mode: 'open' },
    providers: Object.fromEntries(Array.from({ length: PROVIDERS }, provider)),
    healthService: { probes: { completions: false } },
  });
}

async function readAnswers(url: string): Promise<readonly string[]> {
  return Promise.all(POLLED.map(async (path) => (await fetch(`${url}${path}`)).text()));
}

/** Waits until every provider has been checked once, so that the start is over. */
async function waitUntilIdle(url: string): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    const { providers } = (await (await fetch(`${url}/providers`)).json()) as {
      readonly providers: readonly { readonly status: string }[];
    };
    if (providers.filter(({ status }) => status === 'healthy').length === PROVIDERS) return;
    if (performance.now() > deadline) throw new Error('the health service does not come to rest');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Starts it on the given cores. */
export async function startSizedHealthService(cores: Cores): Promise<SizedHealthService> {
  const [stub, port] = await Promise.all([startProviderStub(), freePort()]);
  const folder = mkdtempSync(join(tmpdir(), 'gatewayz-bench-'));
  const config = join(folder, 'gatewayz.yaml');
  writeFileSync(config, toConfig(stub));
  const service = await startProcess({
    name: 'health-service',
    nodeArguments: [MAIN],
    environment: {
      HOST: '127.0.0.1',
      PORT: String(port),
      GATEWAYZ_CONFIG: config,
      GATEWAYZ_DATA_DIR: join(folder, 'data'),
    },
    cores,
    folder,
    port,
  });
  const url = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    await stopProcess(service);
    stub.closeAllConnections();
    stub.close();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await waitUntilIdle(url);
    const answers = await readAnswers(url);
    const answerBytes = answers.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    return { url, answerBytes, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
