import { evidenceOf } from './evidence-of.ts';
import { inMaintenance, type MaintenanceWindow } from './maintenance.ts';
import type { Pace } from './schedule.ts';
import { isProviderKey, providerKey, targetId } from './target-key.ts';
import { type Finding, TargetRecord } from './target-record.ts';
import type { Incident, ProbeResult, TargetKey, Verdict, VerdictChange } from './types.ts';
import { checkVerdictSettings, type VerdictSettings } from './verdict-settings.ts';

/** A lead of the last result over the clock beyond this is a clock that was set back. */
const CLOCK_TOLERANCE_MS = 60_000;

/**
 * What is said of every tracked target, with hysteresis.
 *
 * `down` after N failures in a row, `healthy` again after M successes. `degraded` by `failing` (the failed share of
 * the recent results), `slow` (their p95), `rate_limited` or `credentials` (as many refusals in a row as failures
 * would make it down). `unknown` without evidence, or with none that is recent. In a maintenance window results are
 * left aside and the target stands as it stood before.
 */
export class VerdictBook {
  readonly #settings: VerdictSettings;
  readonly #records = new Map<string, TargetRecord>();
  #windows: readonly MaintenanceWindow[];

  /** @throws RangeError that names the bad setting */
  constructor(settings: VerdictSettings, windows: readonly MaintenanceWindow[] = []) {
    checkVerdictSettings(settings);
    this.#settings = settings;
    this.#windows = windows;
  }

  get size(): number {
    return this.#records.size;
  }

  /** Begins to keep a target, as `unknown`; one that is known stays as it is. */
  track(key: TargetKey, nowMs: number): void {
    const id = targetId(key);
    if (!this.#records.has(id)) this.#records.set(id, new TargetRecord(key, this.#settings, nowMs));
  }

  forget(key: TargetKey): void {
    this.#records.delete(targetId(key));
  }

  get(key: TargetKey): Verdict | null {
    return this.#records.get(targetId(key))?.verdict ?? null;
  }

  /** Every tracked target's verdict. */
  *all(): Generator<Verdict, void, undefined> {
    for (const record of this.#records.values()) yield record.verdict;
  }

  setMaintenance(windows: readonly MaintenanceWindow[]): void {
    this.#windows = windows;
  }

  /**
   * Takes in a result; one for a target that is not tracked is left aside. A model that has answered proves that its
   * provider is alive, so its success is one of the provider's too; its failure is not.
   */
  observe(result: ProbeResult): VerdictChange[] {
    const changes = this.#observeOne(result.key, result);
    if (isProofOfLife(result)) changes.push(...this.#observeOne(providerKey(result.key.provider), result));
    return changes;
  }

  /**
   * Brings every verdict up to date with the time: windows that begin or end, evidence that has grown too old.
   *
   * @param staleAfterMs how old a target's last evidence may be
   */
  refresh(nowMs: number, staleAfterMs: (key: TargetKey) => number): VerdictChange[] {
    const changes: VerdictChange[] = [];
    for (const record of this.#records.values()) {
      const { lastEvidenceAtMs } = record;
      if (lastEvidenceAtMs !== null && lastEvidenceAtMs > nowMs + CLOCK_TOLERANCE_MS) {
        record.lastEvidenceAtMs = nowMs;
      }
      const isStale = lastEvidenceAtMs !== null && nowMs - lastEvidenceAtMs > staleAfterMs(record.key);
      const finding: Finding = isStale ? { state: 'unknown', cause: null } : record.finding();
      changes.push(...this.#say(record, finding, nowMs));
    }
    return changes;
  }

  /** Takes over what an active incident says of a tracked target, so that its end needs as much proof as ever. */
  restore(incident: Incident, key: TargetKey): void {
    const record = this.#records.get(targetId(key));
    if (record === undefined) return;
    record.restore(incident.type, incident.consecutiveFailures, incident.updatedAtMs);
    record.verdict = record.verdictIn(record.finding(), incident.openedAtMs);
  }

  /** How soon the target is to be probed again. */
  paceOf(key: TargetKey): Pace {
    const record = this.#records.get(targetId(key));
    if (record === undefined || record.verdict.state === 'maintenance') return 'settled';
    // A provider's check is free, and its return is news for all of its models.
    if (record.isUnsettled() || (isProviderKey(key) && record.verdict.state === 'down')) return 'unsettled';
    return record.isFailing() ? 'failing' : 'settled';
  }

  #observeOne(key: TargetKey, result: ProbeResult): VerdictChange[] {
    const record = this.#records.get(targetId(key));
    if (record === undefined) return [];
    const atMs = result.atEpochMs;
    if (!inMaintenance(this.#windows, key, atMs) && !record.add(result)) return [];
    return this.#say(record, record.finding(), atMs);
  }

  #say(record: TargetRecord, finding: Finding, atMs: number): VerdictChange[] {
    const before = record.verdict;
    const isPlanned = inMaintenance(this.#windows, record.key, atMs);
    const said = isPlanned ? ({ state: 'maintenance', cause: null } as const) : finding;
    const isSame = said.state === before.state;
    record.verdict = record.verdictIn(said, isSame ? before.sinceMs : atMs);
    // A new cause of the same state is a change too: rate limits that turn into a revoked key need another remedy.
    if (isSame && said.cause === before.cause) return [];
    return [{ key: record.key, from: before.state, to: said.state, verdict: record.verdict, atMs }];
  }
}

function isProofOfLife(result: ProbeResult): boolean {
  const isAnswer = result.kind === 'completion' || result.kind === 'traffic';
  return isAnswer && !isProviderKey(result.key) && evidenceOf(result.outcome) === 'ok';
}
