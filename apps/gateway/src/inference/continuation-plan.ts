import type { Pick } from '../routing/router.ts';
import type { Attempt } from './attempt.ts';
import type { ContinuationMode } from './continued-relay.ts';
import type { Failure } from './failure.ts';
import { payFor, pickElsewhere, type RetryRules, type Situation } from './retry-plan.ts';
import type { Transcript } from './transcript.ts';

/** The next attempt at the rest of an answer that broke off. */
export interface Continuation {
  readonly pick: Pick;
  readonly mode: ContinuationMode;
}

/**
 * Decides who goes on with a stream that broke off, if anyone can do it exactly: the same target again where it
 * refused to continue a prefilled answer; else one that did not try yet; else, once, one that failed but was not slow.
 */
export function planContinuation(
  rules: RetryRules,
  situation: Situation & { readonly tried: readonly Attempt[] },
  transcript: Transcript,
  lastMode: ContinuationMode | null,
  acceptsPrefill: boolean,
  nowMs: number,
): Continuation | null {
  const { tried, failed, deadlineAt } = situation;
  if (!transcript.canContinue || nowMs >= deadlineAt) return null;
  const last = tried.at(-1)?.target;
  if (last !== undefined && lastMode === 'prefill' && failed.outcome === 'caller') {
    const pick = rules.router.again(last, nowMs);
    return pick === null ? null : { pick, mode: 'replay' };
  }
  if (tried.length > rules.retries.attempts || !brokeOff(failed)) return null;

  const pick = pickElsewhere(rules, situation, nowMs) ?? pickOnceMore(rules, tried, nowMs);
  if (pick === null) return null;
  const { assistantPrefill } = pick.target.provider.config.capabilities;
  const canPrefill = assistantPrefill && acceptsPrefill && transcript.text !== '';
  return { pick, mode: canPrefill ? 'prefill' : 'replay' };
}

/** All have had their turn: the first of them that has had but one, and did not let it run out, gets another. */
function pickOnceMore({ router, budget }: RetryRules, tried: readonly Attempt[], nowMs: number): Pick | null {
  for (const { target, outcome } of tried) {
    const isWorthIt = outcome === 'network' || outcome === 'provider_error';
    if (!isWorthIt || tried.filter((attempt) => attempt.target === target).length > 1) continue;
    const pick = router.again(target, nowMs);
    const paid = pick === null ? null : payFor(pick, budget, nowMs);
    if (paid !== null) return paid;
  }
  return null;
}

/** Whether the answer was lost, and not the client or the right to ask. */
function brokeOff({ outcome }: Failure): boolean {
  return outcome !== 'client_closed';
}
