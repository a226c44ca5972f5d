import type { Outcome } from '@gatewayz/provider-health';
import { evidenceOf } from './evidence-of.ts';
import { RecentResults } from './recent-results.ts';
import { isProviderKey } from './target-key.ts';
import type { DegradedCause, HealthState, ProbeResult, TargetKey, Verdict } from './types.ts';
import type { VerdictSettings } from './verdict-settings.ts';

/** How a target stands by hysteresis alone. */
type Standing = 'unset' | 'up' | 'down';

type RefusalCause = Extract<DegradedCause, 'rate_limited' | 'credentials'>;

/** The state and cause that a record's results add up to, maintenance and age aside. */
export type Finding = {
  readonly state: Extract<HealthState, 'healthy' | 'degraded' | 'down' | 'unknown'>;
  readonly cause: DegradedCause | null;
};

const UNKNOWN: Finding = { state: 'unknown', cause: null };
/** A degraded target is healthy again only well below the line that made it so. */
const SHARE_TO_LEAVE = 0.5;
const P95_TO_LEAVE = 0.8;

/** The streaks and recent results of one target. */
export class TargetRecord {
  readonly key: TargetKey;
  readonly #settings: VerdictSettings;
  #standing: Standing = 'unset';
  #failures = 0;
  #successes = 0;
  #refusals = 0;
  #refusedBy: RefusalCause = 'rate_limited';
  #lastOutcome: Outcome | null = null;
  #trafficShare = 0;
  #recent: RecentResults | null = null;
  lastEvidenceAtMs: number | null = null;
  /** What was last said of the target. */
  verdict: Verdict;

  constructor(key: TargetKey, settings: VerdictSettings, nowMs: number) {
    this.key = key;
    this.#settings = settings;
    this.verdict = this.verdictIn({ state: 'unknown', cause: null }, nowMs);
  }

  /** Takes a result in; false where it proves nothing about the target. */
  add(result: ProbeResult): boolean {
    const evidence = evidenceOf(result.outcome);
    if (evidence === 'none' || this.#isTooWeak(result)) return false;
    if (evidence === 'ok') this.#succeed();
    else if (evidence === 'failed') this.#fail();
    else this.#refuse(result.outcome === 'credentials' ? 'credentials' : 'rate_limited');
    if (evidence !== 'refused') this.#addRecent(result, evidence === 'ok');
    this.#lastOutcome = result.outcome;
    this.lastEvidenceAtMs = Math.max(this.lastEvidenceAtMs ?? 0, result.atEpochMs);
    return true;
  }

  /** Takes over that the target was down, or refused us, before a restart. */
  restore(outcome: Outcome, failures: number, atMs: number): void {
    const evidence = evidenceOf(outcome);
    if (evidence === 'failed') {
      this.#standing = 'down';
      this.#failures = Math.max(failures, this.#settings.failuresUntilDown);
    } else if (evidence === 'refused') {
      this.#refusedBy = outcome === 'credentials' ? 'credentials' : 'rate_limited';
      this.#refusals = Math.max(failures, this.#settings.failuresUntilDown);
    } else return;
    this.#lastOutcome = outcome;
    this.lastEvidenceAtMs = atMs;
  }

  finding(): Finding {
    if (this.#isRefused()) return { state: 'degraded', cause: this.#refusedBy };
    if (this.#standing === 'unset') return UNKNOWN;
    if (this.#standing === 'down') return { state: 'down', cause: null };
    const cause = this.#isFailingInPart() ? 'failing' : this.#isSlow() ? 'slow' : null;
    return { state: cause === null ? 'healthy' : 'degraded', cause };
  }

  /** True where one more result of the same kind would change the finding. */
  isUnsettled(): boolean {
    if (this.#standing === 'down') return this.#successes > 0;
    return this.#failures > 0 || (this.#isRefused() && this.#successes > 0);
  }

  /** True where the target fails or refuses now. */
  isFailing(): boolean {
    return this.#standing === 'down' || this.#refusals > 0 || this.verdict.cause === 'failing';
  }

  verdictIn(finding: Pick<Verdict, 'state' | 'cause'>, sinceMs: number): Verdict {
    return {
      key: this.key,
      state: finding.state,
      cause: finding.cause,
      sinceMs,
      lastEvidenceAtMs: this.lastEvidenceAtMs,
      lastOutcome: this.#lastOutcome,
      consecutiveFailures: Math.max(this.#failures, this.#isRefused() ? this.#refusals : 0),
      consecutiveSuccesses: this.#successes,
    };
  }

  // That a list names a model does not prove that the model answers once it has stopped doing so.
  #isTooWeak(result: ProbeResult): boolean {
    const isListing = result.kind === 'models' || result.kind === 'reachability';
    const isInTrouble = this.#standing === 'down' || this.#failures > 0 || this.#refusals > 0;
    return result.outcome === 'success' && isListing && !isProviderKey(this.key) && isInTrouble;
  }

  #isRefused(): boolean {
    return this.#refusals >= this.#settings.failuresUntilDown;
  }

  #succeed(): void {
    this.#successes += 1;
    this.#failures = 0;
    const isEnough = this.#successes >= this.#settings.successesUntilHealthy;
    if (!this.#isRefused() || isEnough) this.#refusals = 0;
    if (this.#standing === 'down' && isEnough) {
      this.#recent?.forgetFailures();
      this.#trafficShare = 0;
    }
    if (this.#standing !== 'down' || isEnough) this.#standing = 'up';
  }

  #fail(): void {
    this.#failures += 1;
    this.#successes = 0;
    this.#refusals = 0;
    if (this.#failures >= this.#settings.failuresUntilDown) this.#standing = 'down';
  }

  #refuse(cause: RefusalCause): void {
    this.#refusals += 1;
    this.#refusedBy = cause;
    this.#successes = 0;
    // An answer, if only a refusal, ends what is held against the provider as soon as it is more than chance.
    if (!this.#isRefused()) return;
    this.#failures = 0;
    if (this.#standing === 'down') this.#standing = 'unset';
  }

  #addRecent(result: ProbeResult, isOk: boolean): void {
    const share = result.kind === 'traffic' ? (result.failedShare ?? Number(!isOk)) : Number(!isOk);
    if (result.kind === 'traffic') this.#trafficShare = share;
    this.#recent ??= new RecentResults(this.#settings.recentResults);
    this.#recent.add(share);
    // A list is answered in another time than a completion: each target has latencies of one sort only.
    const isListing = result.kind === 'models' || result.kind === 'reachability';
    if (isOk && isListing === isProviderKey(this.key)) this.#recent.addLatency(result.latencyMs);
  }

  #isFailingInPart(): boolean {
    const { degradedShare, minimumResults } = this.#settings;
    const line = this.verdict.cause === 'failing' ? degradedShare * SHARE_TO_LEAVE : degradedShare;
    return this.#trafficShare >= line || (this.#recent?.failedShare(minimumResults) ?? 0) >= line;
  }

  #isSlow(): boolean {
    const { slowP95Ms, minimumLatencies } = this.#settings;
    const line = this.verdict.cause === 'slow' ? slowP95Ms * P95_TO_LEAVE : slowP95Ms;
    return this.#recent?.isP95From(line, minimumLatencies) ?? false;
  }
}
