import { providerKey } from './target-key.ts';
import { HEALTH_STATES, type HealthState, type Incident, type TargetKey, type Verdict } from './types.ts';

/** Status → number of tracked models; every status is there, at 0 where no model has it. */
export type StatusDistribution = Readonly<Record<HealthState, number>>;

/** The numbers of the health service's `/metrics`. */
export type HealthTotals = {
  readonly total_models: number;
  readonly total_providers: number;
  readonly total_gateways: number;
  /** Always the sum of `status_distribution`. */
  readonly tracked_models: number;
  readonly active_incidents: number;
  readonly status_distribution: StatusDistribution;
};

export type HealthTotalsInput = {
  /** How many models at providers are known, tracked or not. */
  readonly knownModels: number;
  /** Every configured provider, gateways included. */
  readonly providers: readonly string[];
  /** Those of them that resell others' models. */
  readonly gateways: ReadonlySet<string>;
  /** Verdicts of the tracked models, one for each; providers' own are left aside. */
  readonly verdicts: Iterable<Verdict>;
  readonly incidents: Iterable<Incident>;
  readonly verdictOf: (key: TargetKey) => Verdict | null;
};

/** All numbers from the same verdicts at one moment, consistent to the unit. */
export function healthTotals(input: HealthTotalsInput): HealthTotals {
  const distribution = statusDistribution(input.verdicts, input.verdictOf);
  const tracked = HEALTH_STATES.reduce((sum, state) => sum + distribution[state], 0);
  let active = 0;
  for (const incident of input.incidents) if (incident.status !== 'resolved') active += 1;
  return {
    total_models: Math.max(input.knownModels, tracked),
    total_providers: input.providers.length,
    total_gateways: input.providers.filter((provider) => input.gateways.has(provider)).length,
    tracked_models: tracked,
    active_incidents: active,
    status_distribution: distribution,
  };
}

/** How many models are in each state, as {@link effectiveState} has it. */
export function statusDistribution(
  verdicts: Iterable<Verdict>,
  verdictOf: (key: TargetKey) => Verdict | null,
): StatusDistribution {
  const counts: Record<HealthState, number> = {
    healthy: 0,
    degraded: 0,
    down: 0,
    unknown: 0,
    maintenance: 0,
  };
  for (const verdict of verdicts) {
    if (verdict.key.model === '') continue;
    counts[effectiveState(verdict, verdictOf(providerKey(verdict.key.provider)))] += 1;
  }
  return counts;
}

/**
 * What a client has of a model: its own state, but `down` while its provider as a whole is down, unless the model
 * is in maintenance. (A model that answers raises its provider, so the two do not contradict each other for long.)
 */
export function effectiveState(model: Verdict, provider: Verdict | null): HealthState {
  if (model.state === 'maintenance' || provider === null) return model.state;
  return provider.state === 'down' ? 'down' : model.state;
}

/** From this share of its models down, a provider that answers is `degraded`. */
const DOWN_SHARE_TO_DEGRADE = 0.2;

/**
 * What a provider is as a whole: its own state, but `down` where every model with evidence is, and `degraded` where a
 * fifth of them are; without a word of its own, `healthy` where its models are.
 */
export function providerState(own: Verdict | null, models: Iterable<Verdict>): HealthState {
  const state = own?.state ?? 'unknown';
  if (state === 'down' || state === 'maintenance') return state;
  let known = 0;
  let down = 0;
  for (const model of models) {
    if (model.state === 'unknown' || model.state === 'maintenance') continue;
    known += 1;
    if (model.state === 'down') down += 1;
  }
  if (known === 0) return state;
  if (down === known) return 'down';
  if (down / known >= DOWN_SHARE_TO_DEGRADE || state === 'degraded') return 'degraded';
  return 'healthy';
}
