import {
  type CircuitBreaker,
  type HealthTransition,
  OTHER_MODEL,
  type ProviderHealth,
  type SavedBreaker,
} from '@gatewayz/provider-health';

/** What a worker learned of a breaker, or what an operator told it. */
export interface BreakerNews {
  readonly provider: string;
  /** Null where it is the provider's own breaker. */
  readonly model: string | null;
  /** By the machine's monotonic clock, which its processes share. */
  readonly atMs: number;
  readonly event: 'opened' | 'closed' | 'forced' | 'freed';
  readonly saved: SavedBreaker;
}

/** Monotonic milliseconds that mean the same in every process of a machine. */
function machineNow(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}

/** What the other workers should hear of a change; null where it is nobody else's business. */
export function toNews(transition: HealthTransition, health: ProviderHealth): BreakerNews | null {
  const { provider, model, atMs } = transition;
  const event = eventOf(transition);
  // Which models share that breaker is another matter in every worker.
  if (event === null || model === OTHER_MODEL) return null;
  const breaker = model === null ? health.breaker : health.model(model).breaker;
  return { provider, model, atMs: machineNow(), event, saved: breaker.save(atMs) };
}

/** Changes that were taken over from others are none: they end here. */
function eventOf({ to, reason }: HealthTransition): BreakerNews['event'] | null {
  switch (reason) {
    case 'consecutive_failures':
    case 'failure_ratio':
    case 'half_open_failure':
      return to.kind === 'open' ? 'opened' : null;
    case 'half_open_successes':
      return 'closed';
    case 'forced_open':
    case 'forced_closed':
      return 'forced';
    case 'auto':
      return 'freed';
    case 'open_elapsed':
    case 'restored':
      return null;
    default:
      return reason satisfies never;
  }
}

/** Takes over what another worker learned, where this one does not know better. */
export function hearNews(news: BreakerNews, health: ProviderHealth, nowMs: number): void {
  const breaker = findBreaker(news, health);
  if (breaker === null) return;
  const state = breaker.state(nowMs);
  switch (news.event) {
    case 'forced':
      breaker.restore(news.saved, nowMs);
      return;
    case 'freed':
      breaker.auto(nowMs);
      return;
    case 'closed':
      if (state.kind === 'open' || state.kind === 'half_open') breaker.restore(news.saved, nowMs);
      return;
    case 'opened': {
      const saved = later(news);
      const isLonger = state.kind !== 'open' || state.untilMs - nowMs < remainingOf(saved);
      if (state.kind !== 'forced' && isLonger && remainingOf(saved) > 0) breaker.restore(saved, nowMs);
      return;
    }
    default:
      news.event satisfies never;
  }
}

/** Whether there is anything left of it to tell a worker that starts now. */
export function isStanding(news: BreakerNews): boolean {
  return news.event === 'forced' || (news.event === 'opened' && remainingOf(later(news)) > 0);
}

function remainingOf(saved: SavedBreaker): number {
  return saved.kind === 'open' ? saved.remainingMs : 0;
}

/** What is left of an open state now. */
function later({ saved, atMs }: BreakerNews): SavedBreaker {
  if (saved.kind !== 'open') return saved;
  const agoMs = Math.max(0, machineNow() - atMs);
  return { ...saved, agoMs: saved.agoMs + agoMs, remainingMs: Math.max(0, saved.remainingMs - agoMs) };
}

function findBreaker({ model }: BreakerNews, health: ProviderHealth): CircuitBreaker | null {
  if (model === null) return health.breaker;
  const target = health.model(model);
  return target.model === model ? target.breaker : null;
}
