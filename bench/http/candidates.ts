import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type LedgerPlace, postgresLedger, sqliteLedger } from './ledger-launch.ts';
import { portkey } from './peers.ts';
import type { Cores } from './pinning.ts';
import { telemetryEnvironment } from './telemetry-candidates.ts';
import { severalWorkers, workersOf } from './workers-launch.ts';

/**
 * What the bench compares: the last ones are the gateway without a ledger, with a user's key on either database, as
 * two processes, and with lines to Loki or spans to a collector.
 */
export const candidateNames = [
  'direct',
  'bare',
  'gatewayz',
  'portkey',
  'no-ledger',
  'sqlite',
  'postgres',
  'workers-2',
  'logs',
  'traces-1',
  'traces-100',
] as const;
/** One of {@link candidateNames}. */
export type CandidateName = (typeof candidateNames)[number];

/** Candidates that are measured in the same rounds. */
export interface Comparison {
  readonly title: string;
  readonly candidates: readonly CandidateName[];
  /** Whether only the loads that fill a core tell them apart. */
  readonly isOfFullCores: boolean;
}

/** The whole run, one after the other: the fewer processes there are at a time, the less they disturb each other. */
export const comparisons: readonly Comparison[] = [
  {
    title: 'The gateway, its floor and a peer',
    candidates: ['direct', 'bare', 'gatewayz', 'portkey'],
    isOfFullCores: false,
  },
  {
    title: 'A user’s key and its ledger',
    candidates: ['no-ledger', 'sqlite', 'postgres'],
    isOfFullCores: true,
  },
  {
    title: 'Lines and spans',
    candidates: ['gatewayz', 'logs', 'traces-1', 'traces-100'],
    isOfFullCores: true,
  },
  { title: 'Two workers', candidates: ['gatewayz', 'workers-2'], isOfFullCores: true },
];

/** How a candidate is started on `port`; `direct` starts nothing. */
export interface Launch {
  readonly nodeArguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** What its requests carry besides the common headers. */
  readonly headers: Readonly<Record<string, string>>;
  /** Once it listens: gives the headers that take the place of those. */
  readonly prepare?: LedgerPlace['prepare'];
  /** When it has been stopped. */
  readonly close?: LedgerPlace['close'];
}

/** Where a candidate is started. */
export interface LaunchPlace {
  readonly port: number;
  readonly upstreamPort: number;
  /** Where lines and spans are taken. */
  readonly sinksPort: number;
  readonly folder: string;
  /** The cores of what is beside the candidate. */
  readonly cores: Cores;
}

/** The key that every request carries, and the only one that the gateway accepts. */
const clientKey = 'bench-client-key';
const authorization = { authorization: `Bearer ${clientKey}` };

function path(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}

function gatewayConfig({ port, upstreamPort }: LaunchPlace, hasLedger: boolean): string {
  return `server: { host: 127.0.0.1, port: ${port} }
auth: { mode: keys, keys: ["${clientKey}"] }
ledger: { enabled: ${hasLedger} }
providers:
  bench:
    baseUrl: "http://127.0.0.1:${upstreamPort}/v1"
    apiKey: bench-provider-key
    models: [bench-model]
    prices: { bench-model: { inputUsdPerMillion: 1, outputUsdPerMillion: 2 } }
`;
}

function launchGateway(place: LaunchPlace, ledger: LedgerPlace | 'unused' | null): Launch {
  const { port, folder } = place;
  const config = join(folder, `gatewayz-${port}.yaml`);
  writeFileSync(config, gatewayConfig(place, ledger !== null));
  const environment = {
    PORT: String(port),
    HOST: '127.0.0.1',
    GATEWAYZ_CONFIG: config,
    GATEWAYZ_DATA_DIR: join(folder, `data-${port}`),
  };
  const plan = {
    nodeArguments: [path('../../apps/gateway/src/main.ts')],
    environment,
    headers: authorization,
  };
  if (ledger === null || ledger === 'unused') return plan;
  const { prepare, close } = ledger;
  return { ...plan, environment: { ...environment, ...ledger.environment }, prepare, close };
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
 * @throws Error when a peer cannot be installed or Postgres not be started
 */
export async function launch(name: CandidateName, place: LaunchPlace): Promise<Launch | null> {
  const { port, upstreamPort, cores } = place;
  switch (name) {
    case 'direct':
      return null;
    case 'bare': {
      const environment = { PORT: String(port), UPSTREAM: `http://127.0.0.1:${upstreamPort}` };
      return { nodeArguments: [path('../bare-proxy.ts')], environment, headers: authorization };
    }
    case 'gatewayz':
      return launchGateway(place, 'unused');
    case 'no-ledger':
      return launchGateway(place, null);
    case 'sqlite':
      return launchGateway(place, sqliteLedger());
    case 'postgres':
      return launchGateway(place, await postgresLedger(cores));
    case 'workers-2': {
      const plan = launchGateway(place, 'unused');
      const { environment, prepare } = severalWorkers(workersOf(name), plan.headers);
      return { ...plan, environment: { ...plan.environment, ...environment }, prepare };
    }
    case 'logs':
    case 'traces-1':
    case 'traces-100': {
      const plan = launchGateway(place, 'unused');
      const telemetry = telemetryEnvironment(name, `http://127.0.0.1:${place.sinksPort}`);
      return { ...plan, environment: { ...plan.environment, ...telemetry } };
    }
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
