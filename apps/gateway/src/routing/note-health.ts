import { verdictOf } from '@gatewayz/provider-health';
import type { Attempt } from '../inference/attempt.ts';
import type { Failure } from '../inference/failure.ts';
import type { Target } from '../providers/provider.ts';

/** How long a target rests that limits requests without saying for how long. */
const RATE_LIMITED_MS = 5000;
/** How long a target rests that refuses our credentials: nothing but an operator will mend that. */
const CREDENTIALS_MS = 60_000;

/** Makes an ended attempt one sample of its target's health, and lets a target rest that asked for it. */
export function noteHealth(attempt: Attempt): void {
  const { target, pick, outcome, failure, endedAt } = attempt;
  if (outcome === null) return;
  target.health.record(pick.admission, outcome, attempt.responseMs, endedAt);
  target.provider.hour.record(outcome, endedAt);
  target.latency.end(toLatencyMs(attempt), endedAt);
  if (failure !== null) letRest(target, failure, endedAt);
}

/** What an attempt says of its target's latency: a failure only where it took longer than answers do. */
function toLatencyMs({ target, outcome, responseMs, endedAt }: Attempt): number | null {
  const verdict = outcome === null ? 'neutral' : verdictOf(outcome);
  if (verdict === 'success') return responseMs;
  if (verdict === 'neutral') return null;
  return responseMs > (target.latency.valueMs(endedAt) ?? 0) ? responseMs : null;
}

function letRest(target: Target, failed: Failure, nowMs: number): void {
  if (failed.outcome === 'rate_limited') {
    target.health.coolOff(failed.retryAfterMs ?? RATE_LIMITED_MS, 'rate_limited', nowMs);
  } else if (failed.outcome === 'credentials') {
    // A 403 may speak of one model; a bad key or an empty account are the provider's as a whole.
    const side = failed.status === 403 ? target.health : target.provider.health;
    side.coolOff(failed.retryAfterMs ?? CREDENTIALS_MS, 'credentials', nowMs);
  }
}
