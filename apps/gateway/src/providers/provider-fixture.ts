import type { ProviderConfig, TimeoutsConfig } from '@gatewayz/config';
import { createRegistry } from '@gatewayz/metrics';
import {
  createInferenceMetrics,
  createMoneyMetrics,
  createProviderMetrics,
  type InferenceMetrics,
  type MoneyMetrics,
  type ProviderMetrics,
} from '@gatewayz/observability';
import { type BreakerOptions, createProviderHealth } from '@gatewayz/provider-health';
import type { Dispatcher, Pool } from 'undici';
import { createProvider, type Provider } from './provider.ts';

/** What a test wants of its provider; the rest is plain. */
export interface ProviderFixture {
  readonly config?: Partial<ProviderConfig>;
  readonly breaker?: Partial<BreakerOptions>;
  readonly inference?: InferenceMetrics;
  readonly metrics?: ProviderMetrics;
  readonly money?: MoneyMetrics;
  /** Takes the place of the network. */
  readonly dispatch?: (options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler) => boolean;
}

export const TEST_TIMEOUTS: TimeoutsConfig = {
  connectMs: 1000,
  firstTokenMs: 3000,
  answerMs: 12_000,
  idleMs: 1500,
  totalMs: 60_000,
};

/** Opens a provider that is real but for its network. */
export function createTestProvider(name: string, fixture: ProviderFixture = {}): Provider {
  const config: ProviderConfig = {
    name,
    baseUrl: 'http://127.0.0.1:9/v1',
    resells: false,
    models: ['large'],
    headers: {},
    capabilities: { assistantPrefill: false, streamUsage: true },
    prices: {},
    allowPrivateAddresses: true,
    maxConnections: 1,
    ...fixture.config,
  };
  const provider = createProvider(config, {
    apiKey: 'sk-canary-0123456789',
    timeouts: TEST_TIMEOUTS,
    health: createProviderHealth({ provider: name, random: () => 0, breaker: fixture.breaker ?? {} }),
    metrics: (fixture.metrics ?? createProviderMetrics(createRegistry())).provider(name),
    inference: fixture.inference ?? createInferenceMetrics(createRegistry()),
    money: fixture.money ?? createMoneyMetrics(createRegistry()),
  });
  const dispatch = fixture.dispatch ?? ((): boolean => true);
  provider.pool.dispatch = dispatch as Pool['dispatch'];
  return provider;
}
