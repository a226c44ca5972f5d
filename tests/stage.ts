import {
  type FakeProvider,
  type FakeProviderOptions,
  type GatewayOptions,
  type RunningGateway,
  startFakeProvider,
  startGateway,
} from '@gatewayz/testkit';

export interface StageOptions<Name extends string> {
  /** In order of preference. */
  readonly providers: Readonly<Record<Name, FakeProviderOptions>>;
  /** What every provider lists; default one model, `large`. */
  readonly models?: readonly string[];
  /** Further keys of single providers' sections. */
  readonly sections?: Readonly<Partial<Record<Name, Readonly<Record<string, unknown>>>>>;
  /** Providers that the test has started itself: their sections, before those of the fake ones. */
  readonly others?: Readonly<Record<string, object>>;
  /** Further sections of the configuration file; `auth` is open where it has none. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly gateway?: Omit<GatewayOptions, 'config'>;
}

/** A real gateway in front of fake providers. */
export interface Stage<Name extends string> extends AsyncDisposable {
  readonly gateway: RunningGateway;
  readonly providers: Readonly<Record<Name, FakeProvider>>;
  close(): Promise<void>;
}

/** The key that the gateway sends to a provider of the stage. */
export function providerKey(name: string): string {
  return `sk-of-${name}-0123456789`;
}

/** Starts fake providers and a gateway that knows them. */
export async function startStage<Name extends string>(options: StageOptions<Name>): Promise<Stage<Name>> {
  const { models = ['large'], config = {} } = options;
  const entries = Object.entries(options.providers) as [Name, FakeProviderOptions][];
  const started = await Promise.all(
    entries.map(async ([name, scripts]) => [name, await startFakeProvider(scripts)] as const),
  );
  const closeProviders = async (): Promise<void> => {
    await Promise.all(started.map(([, provider]) => provider.close()));
  };
  const sections = started.map(([name, { url }]) => [
    name,
    { baseUrl: url, apiKey: providerKey(name), models, ...options.sections?.[name] },
  ]);
  try {
    const gateway = await startGateway({
      ...options.gateway,
      config: {
        auth: { mode: 'open' },
        ...config,
        providers: { ...options.others, ...Object.fromEntries(sections) },
      },
    });
    const close = async (): Promise<void> => {
      await gateway.stop();
      await closeProviders();
    };
    const providers = Object.fromEntries(started) as Record<Name, FakeProvider>;
    return { gateway, providers, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await closeProviders();
    throw error;
  }
}
