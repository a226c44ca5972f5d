import { type FakeProvider, startFakeHealthService, startFakeProvider } from '@gatewayz/testkit';
import { type GatewayProcess, startGatewayProcess } from './gateway-process.ts';
import { FACTOR } from './shorten.ts';

/** The section `health` with its defaults shortened as the files of Prometheus are. */
const SHORT_HEALTH = {
  pollIntervalMs: 30_000 / FACTOR,
  monitorIntervalMs: 30_000 / FACTOR,
  windowMs: 300_000 / FACTOR,
};

export interface StackGatewayOptions<Name extends string> {
  /** The models of each fake provider. */
  readonly providers: Readonly<Record<Name, readonly string[]>>;
  /** USD per million tokens, by model, at every provider. */
  readonly prices?: Readonly<Record<string, object>>;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
}

/** A gateway before fake providers, with a healthy health service where `env` names no other. */
export interface StackGateway<Name extends string> {
  readonly gateway: GatewayProcess;
  readonly providers: Readonly<Record<Name, FakeProvider>>;
}

/** Starts them; the stack closes them. */
export async function startStackGateway<Name extends string>(
  closers: AsyncDisposableStack,
  options: StackGatewayOptions<Name>,
): Promise<StackGateway<Name>> {
  const names = Object.keys(options.providers) as Name[];
  const started = await Promise.all(names.map(async (name) => [name, await startFakeProvider({})] as const));
  for (const [, provider] of started) closers.defer(() => provider.close());
  const healthService = closers.use(await startFakeHealthService());
  const sections = started.map(([name, { url }]) => [
    name,
    { baseUrl: url, models: options.providers[name], prices: options.prices ?? {} },
  ]);
  const gateway = closers.use(
    await startGatewayProcess({
      config: { providers: Object.fromEntries(sections), health: SHORT_HEALTH, ...options.config },
      env: { HEALTH_SERVICE_URL: healthService.url, ...options.env },
    }),
  );
  return { gateway, providers: Object.fromEntries(started) as Record<Name, FakeProvider> };
}

/** The section `models` where each of these may be had from one provider, and else from the other. */
export function withSpare(
  models: readonly string[],
  first = 'primary',
  second = 'spare',
): Readonly<Record<string, unknown>> {
  const targets = (model: string): object => ({
    targets: [
      { provider: first, model },
      { provider: second, model },
    ],
  });
  return Object.fromEntries(models.map((model) => [model, targets(model)]));
}
