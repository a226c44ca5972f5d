import { join } from 'node:path';
import {
  type FakeProvider,
  type FakeProviderOptions,
  freePort,
  type Metrics,
  type RunningProcess,
  readMetrics,
  repositoryRoot,
  startFakeProvider,
  startProcess,
  type TemporaryFolder,
  temporaryFolder,
} from '@gatewayz/testkit';

const MAIN = join(repositoryRoot, 'apps/health-service/src/main.ts');

/** Everything as often as the configuration allows, so that tests are short. */
export const OFTEN: Readonly<Record<string, unknown>> = {
  intervals: { criticalMs: 1000, popularMs: 1000, standardMs: 1000, onDemandMs: 1000, failingMs: 1000 },
  probes: { timeoutMs: 1000, perMinutePerProvider: 10_000, concurrencyPerProvider: 4 },
};

export const PATIENT = { timeout: 20_000, interval: 50 } as const;

type Json = Readonly<Record<string, unknown>>;

/** A real health service process. */
export interface RunningHealthService extends AsyncDisposable {
  readonly url: string;
  readonly process: RunningProcess;
  get<Body = Json>(path: string): Promise<Body>;
  post(
    path: string,
    body?: Json,
    headers?: Readonly<Record<string, string>>,
  ): Promise<{ status: number; json: Json }>;
  metrics(): Promise<Metrics>;
}

export interface HealthServiceStart {
  readonly config: Json;
  readonly env?: Readonly<Record<string, string>>;
  /** Options for Node itself, before the script. */
  readonly nodeArgs?: readonly string[];
  /** Kept by the caller; a new one where absent. */
  readonly folder?: TemporaryFolder;
  /** Default a free one. */
  readonly port?: number;
}

/** Starts the health service from its sources, and waits until it answers. */
export async function startHealthService(start: HealthServiceStart): Promise<RunningHealthService> {
  const own = start.folder === undefined ? await temporaryFolder('gatewayz-health-') : null;
  const folder = start.folder ?? own;
  if (folder === null) throw new Error('no folder');
  const port = start.port ?? (await freePort());
  const url = `http://127.0.0.1:${port}`;
  const config = await folder.write(
    `gatewayz-${port}.yaml`,
    JSON.stringify({ auth: { mode: 'open' }, ...start.config }),
  );
  const process_ = await startProcess({
    command: process.execPath,
    args: [...(start.nodeArgs ?? []), MAIN],
    cwd: folder.path,
    env: {
      PORT: String(port),
      GATEWAYZ_CONFIG: config,
      GATEWAYZ_DATA_DIR: join(folder.path, 'data'),
      ...start.env,
    },
    readyWhen: `${url}/health`,
  }).catch(async (error: unknown) => {
    await own?.dispose();
    throw error;
  });
  return {
    url,
    process: process_,
    get: async <Body>(path: string) => {
      const response = await fetch(`${url}${path}`);
      if (response.status !== 200) throw new Error(`${path} answered ${response.status}`);
      return (await response.json()) as Body;
    },
    post: async (path, body = {}, headers = {}) => {
      const response = await fetch(`${url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      });
      return { status: response.status, json: (await response.json()) as Json };
    },
    metrics: async () => {
      const response = await fetch(`${url}/metrics`, { headers: { accept: 'text/plain' } });
      return readMetrics(await response.text());
    },
    [Symbol.asyncDispose]: async () => {
      await process_.stop();
      await own?.dispose();
    },
  };
}

export interface ProvidersAndConfig<Name extends string> extends AsyncDisposable {
  readonly providers: Readonly<Record<Name, FakeProvider>>;
  readonly sections: Readonly<Record<Name, Json>>;
}

/** The key that is sent to a provider of a test. */
export const keyOf = (name: string): string => `sk-of-${name}-0123456789`;

/** Starts fake providers that each list `models`, and makes their sections of the configuration. */
export async function startProviders<Name extends string>(
  options: Readonly<Record<Name, FakeProviderOptions>>,
  models: readonly string[] = ['large', 'small'],
): Promise<ProvidersAndConfig<Name>> {
  const names = Object.keys(options) as Name[];
  const started = await Promise.all(
    names.map(
      async (name) => [name, await startFakeProvider({ modelList: models, ...options[name] })] as const,
    ),
  );
  const section = ([name, { url }]: (typeof started)[number]) =>
    [name, { baseUrl: url, apiKey: keyOf(name) }] as const;
  return {
    providers: Object.fromEntries(started) as Record<Name, FakeProvider>,
    sections: Object.fromEntries<Json>(started.map(section)) as Record<Name, Json>,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(started.map(([, provider]) => provider.close()));
    },
  };
}

/** An incident as the service shows it. */
export interface ShownIncident {
  readonly id: string;
  readonly scope: string;
  readonly provider: string;
  readonly type: string;
  readonly severity: string;
  readonly status: string;
  readonly affected_models: readonly string[];
  readonly evidence: readonly {
    readonly outcome: string;
    readonly detail: string;
    readonly request_id: string | null;
  }[];
}

export async function incidentsOf(
  service: RunningHealthService,
  query = '',
): Promise<readonly ShownIncident[]> {
  return (await service.get<{ incidents: readonly ShownIncident[] }>(`/incidents${query}`)).incidents;
}

export async function statusOf(service: RunningHealthService, provider: string): Promise<Json | undefined> {
  const { providers } = await service.get<{ providers: readonly Json[] }>('/providers');
  return providers.find((one) => one.provider === provider);
}
