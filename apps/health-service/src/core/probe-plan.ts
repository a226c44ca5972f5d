import type { Outcome } from '@gatewayz/provider-health';
import { evidenceOf } from './evidence-of.ts';
import { requireInteger, requireNumber } from './require-option.ts';
import { isProviderKey } from './target-key.ts';
import type { ProbeResult, TargetKey } from './types.ts';

/** The least that reasoning models accept without failing on it. */
export const PROBE_MAX_TOKENS = 16;

/** What the backend's live requests to a target came to in a window that ended at `atEpochMs`. */
export type TrafficSample = {
  readonly succeeded: number;
  /** Attempts by their outcome, `success` left out; what is absent was not seen. */
  readonly failed: Readonly<Partial<Record<Exclude<Outcome, 'success'>, number>>>;
  readonly latencyP95Ms: number;
  readonly atEpochMs: number;
};

/** How the provider's last free check (`GET /models` with credentials) ended. */
export type FreeCheck = {
  readonly outcome: Outcome;
  readonly atEpochMs: number;
  readonly latencyMs: number;
  /** Whether the list names the model in question; null where there was no list to read. */
  readonly isListed: boolean | null;
};

export type ProbePlanSettings = {
  /** Live attempts that prove something, from which traffic is enough to know. */
  readonly minimumTraffic: number;
  /** Traffic and free checks older than this are not used. */
  readonly maxAgeMs: number;
  /** The failed share of live attempts (0…1) from which the traffic's verdict is a failure. */
  readonly failedShare: number;
};

export const DEFAULT_PROBE_PLAN: ProbePlanSettings = {
  minimumTraffic: 20,
  maxAgeMs: 5 * 60_000,
  failedShare: 0.5,
};

export type ProbePlanInput = {
  readonly key: TargetKey;
  readonly nowEpochMs: number;
  readonly traffic: TrafficSample | null;
  readonly freeCheck: FreeCheck | null;
  /** Whether the day's budget has room for one completion. */
  readonly canAfford: boolean;
};

/**
 * Why a target is left alone, with nothing said of it: its provider does not answer or refuses us (which is the
 * provider's verdict, not the model's), or it has no list to ask and no completion may be paid for.
 */
export type RestReason =
  | 'provider_unreachable'
  | 'provider_refuses'
  | 'budget_spent'
  | 'not_listed'
  | 'no_free_check';

/** `known`: the answer is there and costs nothing. `free_check`: ask the list, then plan again with its outcome. */
export type ProbePlan =
  | { readonly kind: 'known'; readonly result: ProbeResult }
  | { readonly kind: 'free_check' }
  | { readonly kind: 'completion'; readonly maxTokens: number }
  | { readonly kind: 'rest'; readonly reason: RestReason };

/**
 * The cheapest way to know how a target is: live traffic where there is enough, then the provider's free check, and
 * only then a completion, where the budget allows it. Without budget the list alone must do.
 */
export function planProbe(
  input: ProbePlanInput,
  settings: ProbePlanSettings = DEFAULT_PROBE_PLAN,
): ProbePlan {
  const { key, nowEpochMs, traffic, freeCheck } = input;
  if (traffic !== null && isFresh(traffic.atEpochMs, nowEpochMs, settings)) {
    const result = readTraffic(key, traffic, settings);
    if (result !== null) return { kind: 'known', result };
  }
  if (freeCheck === null || !isFresh(freeCheck.atEpochMs, nowEpochMs, settings))
    return { kind: 'free_check' };
  return isProviderKey(key) ? planForProvider(key, freeCheck) : planForModel(input, freeCheck);
}

/** What live traffic says of a target, or null where it is too thin. */
export function readTraffic(
  key: TargetKey,
  traffic: TrafficSample,
  settings: ProbePlanSettings = DEFAULT_PROBE_PLAN,
): ProbeResult | null {
  let failures = 0;
  let refusals = 0;
  let worst: Outcome = 'provider_error';
  let most = 0;
  for (const [name, count] of Object.entries(traffic.failed)) {
    const outcome = name as Outcome;
    const evidence = evidenceOf(outcome);
    if (evidence === 'refused') refusals += count;
    if (evidence !== 'failed') continue;
    failures += count;
    if (count > most) [most, worst] = [count, outcome];
  }
  const attempts = traffic.succeeded + failures;
  // Refusals alone are left to a probe: they may be one client's quota.
  if (attempts < settings.minimumTraffic || refusals > attempts) return null;
  const failedShare = failures / attempts;
  const outcome = failedShare >= settings.failedShare ? worst : 'success';
  const { latencyP95Ms: latencyMs, atEpochMs } = traffic;
  return { key, kind: 'traffic', outcome, latencyMs, atEpochMs, failedShare };
}

function planForProvider(key: TargetKey, freeCheck: FreeCheck): ProbePlan {
  if (evidenceOf(freeCheck.outcome) === 'none') return { kind: 'rest', reason: 'no_free_check' };
  return { kind: 'known', result: resultOf(key, freeCheck) };
}

function planForModel({ key, canAfford }: ProbePlanInput, freeCheck: FreeCheck): ProbePlan {
  const { outcome, isListed } = freeCheck;
  if (isOnTheWay(outcome)) return { kind: 'rest', reason: 'provider_unreachable' };
  if (evidenceOf(outcome) === 'refused') return { kind: 'rest', reason: 'provider_refuses' };
  if (outcome === 'success' && isListed === false) return { kind: 'rest', reason: 'not_listed' };
  // A list that is broken or missing proves nothing about completions.
  if (canAfford) return { kind: 'completion', maxTokens: PROBE_MAX_TOKENS };
  if (outcome === 'success' && isListed === true) return { kind: 'known', result: resultOf(key, freeCheck) };
  return { kind: 'rest', reason: 'budget_spent' };
}

function isOnTheWay(outcome: Outcome): boolean {
  return outcome === 'network' || outcome === 'timeout';
}

function resultOf(key: TargetKey, { outcome, latencyMs, atEpochMs }: FreeCheck): ProbeResult {
  return { key, kind: 'models', outcome, latencyMs, atEpochMs };
}

// A clock that was set back must not make an old sample look like one of the future for ever.
function isFresh(atEpochMs: number, nowEpochMs: number, { maxAgeMs }: ProbePlanSettings): boolean {
  return Math.abs(nowEpochMs - atEpochMs) <= maxAgeMs;
}

/** Throws a RangeError that names the first bad setting. */
export function checkProbePlanSettings(settings: ProbePlanSettings): void {
  requireInteger('minimumTraffic', settings.minimumTraffic, 1);
  requireInteger('maxAgeMs', settings.maxAgeMs, 1000);
  requireNumber('failedShare', settings.failedShare, 0.01, 1);
}
