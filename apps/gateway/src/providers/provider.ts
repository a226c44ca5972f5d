import type { Price, ProviderConfig, TimeoutsConfig } from '@gatewayz/config';
import {
  createHourCounts,
  type HourCounts,
  type InferenceMetrics,
  type MoneyMetrics,
  type OneProviderMetrics,
  type TargetMetrics,
} from '@gatewayz/observability';
import { createTargetPrice, type TargetPrice } from '@gatewayz/pricing';
import { connectProvider, type ProviderConnection } from '@gatewayz/provider-client';
import {
  createLatencyEwma,
  type LatencyEwma,
  type ProviderHealth,
  type TargetHealth,
} from '@gatewayz/provider-health';
import { VERSION } from '../version.ts';

/**
 * What is counted and remembered under one model label of a provider. Made at first use: a reseller's list holds
 * hundreds of models that nobody calls.
 */
class TargetRecords {
  readonly #provider: Provider;
  readonly #label: string;
  readonly #inference: InferenceMetrics;
  /** Counts what a request cost, in US dollars. */
  readonly spent: (costUsd: number) => void;
  readonly latency: LatencyEwma = createLatencyEwma();
  #metrics: TargetMetrics | null = null;
  #health: TargetHealth | null = null;

  constructor(provider: Provider, label: string, { inference, money }: ProviderParts) {
    this.#provider = provider;
    this.#label = label;
    this.#inference = inference;
    this.spent = money.target(provider.name, label);
  }

  get metrics(): TargetMetrics {
    this.#metrics ??= this.#inference.target(this.#provider.name, this.#label);
    return this.#metrics;
  }

  get health(): TargetHealth {
    this.#health ??= this.#provider.health.model(this.#label);
    return this.#health;
  }
}

/** One model at one provider: what an attempt calls. */
export class Target {
  readonly provider: Provider;
  /** The model's name at the provider. */
  readonly model: string;
  /** What it costs: as configured, else as published. */
  readonly cost: TargetPrice;
  readonly #records: TargetRecords;

  constructor(provider: Provider, model: string, cost: TargetPrice, records: TargetRecords) {
    this.provider = provider;
    this.model = model;
    this.cost = cost;
    this.#records = records;
  }

  get metrics(): TargetMetrics {
    return this.#records.metrics;
  }

  get health(): TargetHealth {
    return this.#records.health;
  }

  /** Counts what a request cost, in US dollars. */
  get spent(): (costUsd: number) => void {
    return this.#records.spent;
  }

  get latency(): LatencyEwma {
    return this.#records.latency;
  }

  get price(): Price | null {
    return this.provider.config.prices[this.model] ?? null;
  }
}

/** A provider with its connections, its credentials and its targets. */
export interface Provider extends ProviderConnection {
  readonly name: string;
  readonly config: ProviderConfig;
  readonly health: ProviderHealth;
  /** Requests and errors of the last hour. */
  readonly hour: HourCounts;
  readonly metrics: OneProviderMetrics;
  /** The target of a model in the provider's list; made once and kept. */
  target(model: string): Target;
  /** A target for a model that no list names: all of them are counted together, as `other`. */
  unlistedTarget(model: string): Target;
  close(): Promise<void>;
}

const UNLISTED_MODEL = 'other';
const MAX_PRICES = 10_000;
const USER_AGENT = `gatewayz/${VERSION}`;

/** What a provider is made of beside its configuration. */
export interface ProviderParts {
  readonly apiKey: string | null;
  readonly timeouts: TimeoutsConfig;
  readonly health: ProviderHealth;
  readonly metrics: OneProviderMetrics;
  readonly inference: InferenceMetrics;
  readonly money: MoneyMetrics;
}

/** Opens a provider with its health and its targets. */
export function createProvider(config: ProviderConfig, parts: ProviderParts): Provider {
  const { apiKey, timeouts, health } = parts;
  const { connectMs } = timeouts;
  const connection = connectProvider(config, { apiKey, connectMs, userAgent: USER_AGENT });
  const targets = new Map<string, Target>();
  const prices = new Map<string, TargetPrice>();

  function priceOf(model: string): TargetPrice {
    const known = prices.get(model);
    if (known !== undefined) return known;
    const price = createTargetPrice(config, model);
    // Clients may name models that no list holds, as many as they like.
    if (prices.size >= MAX_PRICES) prices.clear();
    prices.set(model, price);
    return price;
  }

  const provider: Provider = {
    name: config.name,
    config,
    health,
    hour: createHourCounts(),
    metrics: parts.metrics,
    ...connection,
    target(model) {
      let target = targets.get(model);
      if (target === undefined) {
        target = new Target(provider, model, priceOf(model), new TargetRecords(provider, model, parts));
        targets.set(model, target);
      }
      return target;
    },
    unlistedTarget: (model) => new Target(provider, model, priceOf(model), unlisted),
    close: () => connection.pool.destroy(),
  };
  const unlisted = new TargetRecords(provider, UNLISTED_MODEL, parts);
  return provider;
}
