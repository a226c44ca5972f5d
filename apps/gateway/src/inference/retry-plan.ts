import type { RetriesConfig } from '@gatewayz/config';
import type { RetryBudget } from '@gatewayz/provider-health';
import type { Route } from '../providers/catalogue.ts';
import type { Target } from '../providers/provider.ts';
import { isHealthy } from '../routing/rank-targets.ts';
import type { Pick, Router } from '../routing/router.ts';
import { asksToWait, type Failure, isPassing, mayTryElsewhere } from './failure.ts';

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

  const pick = pickAgain(rules, situation, nowMs) ?? pickElsewhere(rules, situation, nowMs);
  if (pick !== null) return { kind: 'attempt', pick };

  const waitMs = asksToWait(failed) ? failed.retryAfterMs : null;
  const isWorthIt = waitMs !== null && waitMs <= retries.maxWaitMs && nowMs + waitMs < deadlineAt;
  return isWorthIt && budget.tryWithdraw(nowMs) ? { kind: 'wait', forMs: waitMs } : GIVE_UP;
}

function pickAgain({ router, budget }: RetryRules, { tried, failed }: Situation, nowMs: number): Pick | null {
  const last = tried.at(-1);
  if (last === undefined || !isPassing(failed) || tried.at(-2)?.target === last.target) return null;
  const pick = router.again(last.target, nowMs);
  return pick === null ? null : payFor(pick, budget, nowMs);
}

/** The best target that was not tried and that the budget allows. */
export function pickElsewhere(
  { router, budget }: RetryRules,
  { route, tried }: Situation,
  nowMs: number,
): Pick | null {
  const passed = [...tried];
  for (;;) {
    const pick = router.pick(route, passed, nowMs);
    if (pick === null) return null;
    // Nothing speaks against a healthy target: moving on to it is no storm.
    if (isHealthy(pick.target, nowMs) || payFor(pick, budget, nowMs) !== null) return pick;
    passed.push(pick);
  }
}

/** The pick where the budget has a retry left; else it is given back. */
export function payFor(pick: Pick, budget: RetryBudget, nowMs: number): Pick | null {
  if (budget.tryWithdraw(nowMs)) return pick;
  pick.target.health.release(pick.admission, nowMs);
  return null;
}
