import { join } from 'node:path';
import {
  type FakeProvider,
  type FakeProviderOptions,
  type RunningGateway,
  startFakeProvider,
  startGateway,
  type TemporaryFolder,
  temporaryFolder,
} from '@gatewayz/testkit';
import { ADMIN_TOKEN } from './admin.ts';

/** What the models of the stage cost, in US dollars per million tokens, which is micro-USD per token. */
export const PRICES = {
  large: { inputUsdPerMillion: 3, outputUsdPerMillion: 15, cachedInputUsdPerMillion: 0.3 },
  small: { inputUsdPerMillion: 0.15, outputUsdPerMillion: 0.6 },
} as const;

export interface LedgerStageOptions {
  /** Null: SQLite in the data folder. */
  readonly databaseUrl: string | null;
  readonly provider?: FakeProviderOptions;
  /** Further sections of the configuration file. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** `unpriced` has no price. */
  readonly models?: readonly string[];
  /** Sections of further providers. */
  readonly others?: Readonly<Record<string, object>>;
  /** A file to be loaded before the gateway. */
  readonly preload?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A fake provider, and a data folder and database on which gateways are started one after, or beside, the other. */
export interface LedgerStage extends AsyncDisposable {
  readonly provider: FakeProvider;
  readonly dataFolder: string;
  /** The SQLite file, where there is one. */
  readonly sqliteFile: string;
  /** Another one may be given its own data folder, or another way to the database. */
  start(more?: { readonly dataFolder?: string; readonly databaseUrl?: string }): Promise<RunningGateway>;
}

const PEPPER = 'the-pepper-of-the-ledger-tests-0123456789';

/** Starts the provider; the gateway is the test's to start. */
export async function openLedgerStage(options: LedgerStageOptions): Promise<LedgerStage> {
  const { models = ['large', 'small', 'unpriced'], preload } = options;
  const folder: TemporaryFolder = await temporaryFolder('gatewayz-ledger-');
  const provider = await startFakeProvider({ keepLog: true, ...options.provider });
  const dataFolder = join(folder.path, 'data');
  const running = new Set<RunningGateway>();
  return {
    provider,
    dataFolder,
    sqliteFile: join(dataFolder, 'gateway.sqlite'),
    async start(more = {}) {
      const databaseUrl = more.databaseUrl ?? options.databaseUrl;
      const gateway = await startGateway({
        nodeArgs: preload === undefined ? [] : ['--import', preload],
        config: {
          auth: { mode: 'keys', keys: ['configured-key'] },
          ledger: { unpriced: 'allow' },
          ...options.config,
          providers: {
            only: { baseUrl: provider.url, apiKey: 'sk-only', models, prices: PRICES },
            ...options.others,
          },
        },
        env: {
          ADMIN_TOKEN,
          GATEWAYZ_KEY_PEPPER: PEPPER,
          GATEWAYZ_DATA_DIR: more.dataFolder ?? dataFolder,
          ...(databaseUrl === null ? {} : { DATABASE_URL: databaseUrl }),
          ...options.env,
        },
      });
      running.add(gateway);
      return gateway;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...running].map((gateway) => gateway.stop()));
      await provider.close();
      await folder.dispose();
    },
  };
}
