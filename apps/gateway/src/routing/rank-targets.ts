import type { RoutingConfig } from '@gatewayz/config';
import type { Target } from '../providers/provider.ts';

/** The score below which a target counts as degraded; from the project's design. */
const HEALTHY_SCORE = 0.8;

/** Whether a target does well. */
export function isHealthy(target: Target, nowMs: number): boolean {
  return target.health.score(nowMs) >= HEALTHY_SCORE;
}

/** Puts targets in the order in which they should be tried, the configured order deciding between equals. */
export function rankTargets(
  targets: readonly Target[],
  config: RoutingConfig,
  random: () => number,
  nowMs: number,
): readonly Target[] {
  if (targets.length < 2) return targets;
  switch (config.strategy) {
    case 'priority':
      return targets;
    case 'health':
      return explore(chooseOfTwo(byScore(targets, nowMs), random, nowMs), config, random, nowMs);
    case 'latency':
      return explore(byLatency(targets, nowMs), config, random, nowMs);
    case 'cost':
      return byCost(targets, nowMs);
    default:
      return config.strategy satisfies never;
  }
}

function byScore(targets: readonly Target[], nowMs: number): Target[] {
  return sortBy(targets, (target) => -target.health.score(nowMs));
}

/**
 * Power of two choices: of two targets drawn at random, the better one goes first, so that load spreads over good
 * targets instead of falling on the best (Mitzenmacher, 2001). The rest follows by score.
 */
function chooseOfTwo(ranked: Target[], random: () => number, nowMs: number): Target[] {
  const open = ranked.filter((target) => target.health.isAvailable(nowMs));
  if (open.length < 2) return ranked;
  const first = Math.floor(random() * open.length);
  const second = (first + 1 + Math.floor(random() * (open.length - 1))) % open.length;
  return toFront(ranked, open[Math.min(first, second)]);
}

/** Of the targets that do well the fastest first: one that fails does so quickly. */
function byLatency(targets: readonly Target[], nowMs: number): Target[] {
  return healthyFirst(
    sortBy(targets, (target) => target.latency.cost(nowMs)),
    nowMs,
  );
}

/** The cheapest target that does well first; those without a price after those with one. */
function byCost(targets: readonly Target[], nowMs: number): Target[] {
  return healthyFirst(sortBy(targets, toUsd), nowMs);
}

function toUsd({ price }: Target): number {
  return price === null ? Number.POSITIVE_INFINITY : price.inputUsdPerMillion + price.outputUsdPerMillion;
}

function healthyFirst(ranked: readonly Target[], nowMs: number): Target[] {
  const healthy: Target[] = [];
  const others: Target[] = [];
  for (const target of ranked) (isHealthy(target, nowMs) ? healthy : others).push(target);
  return [...healthy, ...others];
}

/** Now and then another healthy target goes first, so that what is known of it does not grow old. */
function explore(ranked: Target[], config: RoutingConfig, random: () => number, nowMs: number): Target[] {
  if (random() >= config.exploreRatio) return ranked;
  const others = ranked
    .slice(1)
    .filter((target) => target.health.isAvailable(nowMs) && isHealthy(target, nowMs));
  return toFront(ranked, others[Math.floor(random() * others.length)]);
}

function toFront(ranked: Target[], chosen: Target | undefined): Target[] {
  return chosen === undefined ? ranked : [chosen, ...ranked.filter((target) => target !== chosen)];
}

/** A stable sort that asks for each key once. */
function sortBy(targets: readonly Target[], key: (target: Target) => number): Target[] {
  const keyed = targets.map((target) => ({ target, key: key(target) }));
  return keyed.sort((a, b) => compare(a.key, b.key)).map(({ target }) => target);
}

/** Not by subtraction: two infinite keys are equal. */
function compare(a: number, b: number): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
