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
 * Decides who goes on with a stream that broke off, if anyone can do it exactly: a target that did not try yet, or
 * the same one again where it refused to continue a prefilled answer, or where it is the only one and did not stall.
 */
export function planContinuation(
  rules: RetryRules,
  situation: Situation & { readonly tried: readonly Attempt[] },
  transcript: Transcript,
  lastMode: ContinuationMode | null,
  isChat: boolean,
  nowMs: number,
): Continuation | null {
  const { tried, failed, route, deadlineAt } = situation;
  if (!transcript.canContinue || nowMs >= deadlineAt) return null;
  const last = tried.at(-1)?.target;
  if (last !== undefined && lastMode === 'prefill' && failed.outcome === 'caller') {
    const pick = rules.router.again(last, nowMs);
    return pick === null ? null : { pick, mode: 'replay' };
  }
  if (tried.length > rules.retries.attempts || !brokeOff(failed)) return null;

  const isAlone = route.targets.length === 1 && tried.length === 1 && failed.outcome !== 'timeout';
  const again = isAlone && last !== undefined ? rules.router.again(last, nowMs) : null;
  const pick = again === null ? pickElsewhere(rules, situation, nowMs) : payFor(again, rules.budget, nowMs);
  if (pick === null) return null;
  const { assistantPrefill } = pick.target.provider.config.capabilities;
  const canPrefill = assistantPrefill && isChat && transcript.text !== '';
  return { pick, mode: canPrefill ? 'prefill' : 'replay' };
}

/** Whether the answer was lost, and not the client or the right to ask. */
function brokeOff({ outcome }: Failure): boolean {
  return outcome !== 'client_closed';
}
