import type { Config, ProviderConfig } from '@gatewayz/config';
import { Schedule, type ScheduleSettings } from '../core/schedule.ts';
import { providerKey } from '../core/target-key.ts';
import { type Tier, tierOf } from '../core/tiers.ts';
import type { TargetKey } from '../core/types.ts';

/** Hears what is tracked from now on, and what no more. */
export interface WatchlistListener {
  tracked(key: TargetKey): void;
  forgotten(key: TargetKey): void;
}

/** Which targets are meant: all where nothing is given; an empty model is the provider itself. */
export interface TargetFilter {
  readonly provider?: string | undefined;
  readonly model?: string | undefined;
}

/** Every target that is tracked: the providers, and their models by configuration and by their own lists. */
export class Watchlist {
  readonly schedule: Schedule;
  readonly #config: Config;
  readonly #settings: ScheduleSettings;
  readonly #listener: WatchlistListener;
  readonly #now: () => number;
  /** Models that the configuration names, whatever the provider's list says. */
  readonly #named = new Map<string, ReadonlySet<string>>();
  readonly #models = new Map<string, Set<string>>();
  #trafficTiers: ReadonlyMap<string, Tier> | null = null;

  constructor(
    config: Config,
    settings: ScheduleSettings,
    listener: WatchlistListener,
    now: () => number = () => performance.now(),
  ) {
    this.#config = config;
    this.#settings = settings;
    this.#listener = listener;
    this.#now = now;
    this.schedule = new Schedule(settings, Math.random);
    for (const provider of config.providers) this.#named.set(provider.name, namedModels(config, provider));
  }

  /**
   * Begins with what is configured.
   *
   * @param remembered models that were tracked before a restart, kept until the provider's list is there
   */
  open(remembered: readonly TargetKey[]): void {
    for (const { name } of this.#config.providers) {
      this.#models.set(name, new Set());
      this.#track(providerKey(name));
      // The list is what everything else waits for.
      this.schedule.trigger(providerKey(name), this.#now());
      for (const model of this.#named.get(name) ?? []) this.#track({ provider: name, model });
    }
    for (const key of remembered) {
      const provider = this.#config.providers.find(({ name }) => name === key.provider);
      if (provider?.models === null) this.#track(key);
    }
  }

  /** Takes over a provider's own list, unless the configuration has one. An empty list is held to be a fault. */
  setList(provider: string, list: readonly string[]): void {
    const configured = this.#config.providers.find(({ name }) => name === provider);
    const models = this.#models.get(provider);
    if (configured === undefined || configured.models !== null || models === undefined) return;
    if (list.length === 0) return;
    const wanted = new Set([...list, ...(this.#named.get(provider) ?? [])]);
    for (const model of [...models]) if (!wanted.has(model)) this.#forget({ provider, model });
    for (const model of wanted) this.#track({ provider, model });
  }

  /** Gives every model its tier anew. */
  setTrafficTiers(tiers: ReadonlyMap<string, Tier> | null): void {
    this.#trafficTiers = tiers;
    const nowMs = this.#now();
    for (const key of this.modelKeys()) this.schedule.add(key, this.tierOf(key), nowMs);
  }

  tierOf(key: TargetKey): Tier {
    // A provider's own check is free, and tells of all its models.
    if (key.model === '') return 'critical';
    return tierOf(key, this.#config.healthService.tiers, this.#trafficTiers);
  }

  /** The longest time between two probes of a healthy target. */
  intervalMs(key: TargetKey): number {
    return this.#settings.intervals[this.tierOf(key)];
  }

  has(key: TargetKey): boolean {
    return this.schedule.has(key);
  }

  /** Makes targets due now; gives their number. */
  trigger({ provider, model }: TargetFilter): number {
    let triggered = 0;
    for (const [name, models] of this.#models) {
      if (provider !== undefined && provider !== name) continue;
      for (const each of ['', ...models]) {
        if (model !== undefined && model !== each) continue;
        this.schedule.trigger({ provider: name, model: each }, this.#now());
        triggered += 1;
      }
    }
    return triggered;
  }

  /** True for a model that the configuration names: that its provider does not list it proves nothing. */
  isNamed({ provider, model }: TargetKey): boolean {
    return this.#named.get(provider)?.has(model) ?? false;
  }

  models(provider: string): ReadonlySet<string> {
    return this.#models.get(provider) ?? new Set();
  }

  *modelKeys(): Generator<TargetKey> {
    for (const [provider, models] of this.#models) for (const model of models) yield { provider, model };
  }

  #track(key: TargetKey): void {
    if (this.schedule.has(key)) return;
    if (key.model !== '') this.#models.get(key.provider)?.add(key.model);
    this.#listener.tracked(key);
    this.schedule.add(key, this.tierOf(key), this.#now());
  }

  #forget(key: TargetKey): void {
    this.#models.get(key.provider)?.delete(key.model);
    this.schedule.remove(key);
    this.#listener.forgotten(key);
  }
}

function namedModels(config: Config, { name, models }: ProviderConfig): ReadonlySet<string> {
  const routed = config.models
    .flatMap(({ targets }) => targets)
    .filter(({ provider }) => provider === name)
    .map(({ model }) => model);
  return new Set([...(models ?? []), ...routed]);
}
