import type { RetryBudget } from '@gatewayz/provider-health';
import type { RetriesConfig } from '../config/config.ts';
import type { Route } from '../providers/catalogue.ts';
import type { Target } from '../providers/provider.ts';
import type { Pick, Router } from '../routing/router.ts';
import { type Failure, isPassing, mayTryElsewhere } from './failure.ts';

/** What is done after a failed attempt of which the client has seen nothing. */
export type NextStep =
  | { readonly kind: 'attempt'; readonly pick: Pick }
  /** Nobody else is left, and the target says when it will answer again. */
  | { readonly kind: 'wait'; readonly forMs: number }
  | { readonly kind: 'give_up' };

/** What the plan depends on. */
export interface Situation {
  readonly route: Route;
  readonly tried: readonly { readonly target: Target }[];
  readonly failed: Failure;
  readonly deadlineAt: number;
}

/** What every plan shares. */
export interface RetryRules {
  readonly retries: RetriesConfig;
  readonly router: Router;
  readonly budget: RetryBudget;
}

const GIVE_UP: NextStep = { kind: 'give_up' };

/**
 * Decides on the next attempt: at once on the same target after a reset or a 500, but once; else on the next
 * target; else, where a target asked for a short wait, on it again after that wait. Attempts at targets that do
 * not do well are paid for from the retry budget; moving on to a healthy one is free.
 */
export function planNextStep(rules: RetryRules, situation: Situation, nowMs: number): NextStep {
  const { retries, budget } = rules;
  const { tried, failed, deadlineAt } = situation;
  if (tried.length > retries.attempts || nowMs >= deadlineAt || !mayTryElsewhere(failed)) return GIVE_UP;

  const pick = pickAgain(rules, situation, nowMs) ?? rules.router.pick(situation.route, tried, nowMs);
  if (pick !== null) return payFor(pick, budget, nowMs);

  const waitMs = failed.retryAfterMs;
  const isWorthIt = waitMs !== null && waitMs <= retries.maxWaitMs && nowMs + waitMs < deadlineAt;
  return isWorthIt && budget.tryWithdraw(nowMs) ? { kind: 'wait', forMs: waitMs } : GIVE_UP;
}

function pickAgain({ router }: RetryRules, { tried, failed }: Situation, nowMs: number): Pick | null {
  const last = tried.at(-1);
  if (last === undefined || !isPassing(failed) || tried.at(-2)?.target === last.target) return null;
  const pick = router.again(last.target, nowMs);
  return pick === null ? null : { ...pick, isHealthy: false };
}

/** Admits the pick where it is free or the budget has a retry left; else gives it back. */
export function payFor(pick: Pick, budget: RetryBudget, nowMs: number): NextStep {
  if (pick.isHealthy || budget.tryWithdraw(nowMs)) return { kind: 'attempt', pick };
  pick.target.health.release(pick.admission, nowMs);
  return GIVE_UP;
}
