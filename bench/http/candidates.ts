import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { portkey } from './peers.ts';

/** What the bench compares. */
export const candidateNames = ['direct', 'bare', 'gatewayz', 'portkey'] as const;
/** One of {@link candidateNames}. */
export type CandidateName = (typeof candidateNames)[number];

/** How a candidate is started on `port`; `direct` starts nothing. */
export interface Launch {
  readonly nodeArguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** What its requests carry besides the common headers. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The key that every request carries, and the only one that the gateway accepts. */
const clientKey = 'bench-client-key';
const authorization = { authorization: `Bearer ${clientKey}` };

function path(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}

function gatewayConfig(port: number, upstreamPort: number): string {
  return `server: { host: 127.0.0.1, port: ${port} }
auth: { mode: keys, keys: ["${clientKey}"] }
providers:
  bench: { baseUrl: "http://127.0.0.1:${upstreamPort}/v1", apiKey: bench-provider-key, models: [bench-model] }
`;
}

function launchGateway(port: number, upstreamPort: number, folder: string): Launch {
  const config = join(folder, `gatewayz-${port}.yaml`);
  writeFileSync(config, gatewayConfig(port, upstreamPort));
  const environment = {
    PORT: String(port),
    HOST: '127.0.0.1',
    GATEWAYZ_CONFIG: config,
    GATEWAYZ_DATA_DIR: join(folder, `data-${port}`),
  };
  return { nodeArguments: [path('../../apps/gateway/src/main.ts')], environment, headers: authorization };
}

function launchPortkey(port: number, upstreamPort: number): Launch {
  const peer = portkey();
  if ('missing' in peer) {
    throw new Error(peer.missing);
  }
  const headers = {
    ...authorization,
    'x-portkey-provider': 'openai',
    'x-portkey-custom-host': `http://127.0.0.1:${upstreamPort}/v1`,
  };
  return { nodeArguments: [peer.script, `--port=${port}`, '--headless'], environment: {}, headers };
}

/**
 * How to start a candidate in front of the upstream; null for `direct`.
 * @throws Error when a peer cannot be installed
 */
export function launch(
  name: CandidateName,
  port: number,
  upstreamPort: number,
  folder: string,
): Launch | null {
  switch (name) {
    case 'direct':
      return null;
    case 'bare': {
      const environment = { PORT: String(port), UPSTREAM: `http://127.0.0.1:${upstreamPort}` };
      return { nodeArguments: [path('../bare-proxy.ts')], environment, headers: authorization };
    }
    case 'gatewayz':
      return launchGateway(port, upstreamPort, folder);
    case 'portkey':
      return launchPortkey(port, upstreamPort);
    default: {
      const unknown: never = name;
      throw new Error(`unknown candidate ${String(unknown)}`);
    }
  }
}

/** The headers of requests that go straight to the upstream. */
export const directHeaders: Readonly<Record<string, string>> = authorization;
