import { requireInteger, requireNumber } from './require-option.ts';
import type { TargetKey } from './types.ts';

export const TIERS = ['critical', 'popular', 'standard', 'on_demand'] as const;

/** How much a target matters, the most first: it decides how often the target is probed. */
export type Tier = (typeof TIERS)[number];

/** The longest time between two probes of a healthy target, in milliseconds. */
export type TierIntervals = Readonly<Record<Tier, number>>;

export const DEFAULT_TIER_INTERVALS: TierIntervals = {
  critical: 5 * 60_000,
  popular: 30 * 60_000,
  standard: 2 * 3_600_000,
  on_demand: 4 * 3_600_000,
};

/** Where the lines between tiers lie when they are drawn from traffic. Shares are of all requests, in 0…1. */
export type TrafficTierSettings = {
  /** The busiest models that together make up this share are `critical`, as far as the rank allows. */
  readonly criticalShare: number;
  readonly criticalRank: number;
  /** The next ones, up to this share and rank, are `popular`. */
  readonly popularShare: number;
  readonly popularRank: number;
  /** Fewer requests than this in the window never make a model `critical` or `popular`. */
  readonly minimumRequests: number;
};

export const DEFAULT_TRAFFIC_TIERS: TrafficTierSettings = {
  criticalShare: 0.5,
  criticalRank: 20,
  popularShare: 0.9,
  popularRank: 200,
  minimumRequests: 10,
};

/**
 * The tier of every model that had requests in the window, by requests alone.
 *
 * Models are ranked by requests, equal ones by name. A model is `critical` while the models before it make up less
 * than `criticalShare` of all requests and its rank is within `criticalRank`; else `popular` by the same rule with
 * its own bounds; else `standard`. A model that is not in the answer had no requests: `on_demand`.
 */
export function tiersFromTraffic(
  requestsByModel: ReadonlyMap<string, number>,
  settings: TrafficTierSettings = DEFAULT_TRAFFIC_TIERS,
): Map<string, Tier> {
  const ranked = [...requestsByModel]
    .filter(([, requests]) => Number.isFinite(requests) && requests > 0)
    .sort(([nameA, a], [nameB, b]) => b - a || (nameA < nameB ? -1 : 1));
  const total = ranked.reduce((sum, [, requests]) => sum + requests, 0);
  const tiers = new Map<string, Tier>();
  let before = 0;
  for (const [index, [model, requests]] of ranked.entries()) {
    tiers.set(model, tierAt(index + 1, before / total, requests, settings));
    before += requests;
  }
  return tiers;
}

function tierAt(rank: number, shareBefore: number, requests: number, settings: TrafficTierSettings): Tier {
  if (requests < settings.minimumRequests) return 'standard';
  if (shareBefore < settings.criticalShare && rank <= settings.criticalRank) return 'critical';
  if (shareBefore < settings.popularShare && rank <= settings.popularRank) return 'popular';
  return 'standard';
}

/** Tiers by pattern: `provider/model`, `model` (at any provider) or `provider/*`; in this order the first wins. */
export type TierConfig = Readonly<Record<string, Tier>>;

/**
 * The tier of a target: what the config says, else what traffic says, else `on_demand`.
 *
 * @param traffic from {@link tiersFromTraffic}; null where traffic is not known, which makes the target `standard`.
 */
export function tierOf(key: TargetKey, config: TierConfig, traffic: ReadonlyMap<string, Tier> | null): Tier {
  const configured =
    ownEntry(config, `${key.provider}/${key.model}`) ??
    ownEntry(config, key.model) ??
    ownEntry(config, `${key.provider}/*`);
  if (configured !== undefined) return configured;
  return traffic === null ? 'standard' : (traffic.get(key.model) ?? 'on_demand');
}

function ownEntry(config: TierConfig, pattern: string): Tier | undefined {
  return Object.hasOwn(config, pattern) ? config[pattern] : undefined;
}

/** Throws a RangeError that names the first bad interval. */
export function checkTierIntervals(intervals: TierIntervals): void {
  for (const tier of TIERS) requireInteger(`intervals.${tier}`, intervals[tier], 1000);
}

/** Throws a RangeError that names the first bad setting. */
export function checkTrafficTiers(settings: TrafficTierSettings): void {
  requireNumber('criticalShare', settings.criticalShare, 0, 1);
  requireNumber('popularShare', settings.popularShare, settings.criticalShare, 1);
  requireInteger('criticalRank', settings.criticalRank, 0);
  requireInteger('popularRank', settings.popularRank, settings.criticalRank);
  requireInteger('minimumRequests', settings.minimumRequests, 1);
}
