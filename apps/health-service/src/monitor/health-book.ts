import { evidenceOf } from '../core/evidence-of.ts';
import { targetsOfIncident } from '../core/incident-case.ts';
import type { IncidentChange } from '../core/incident-change.ts';
import type { IncidentClaim } from '../core/incident-claims.ts';
import { DEFAULT_INCIDENT_SETTINGS } from '../core/incident-settings.ts';
import { IncidentBook } from '../core/incidents.ts';
import type { MaintenanceWindow } from '../core/maintenance.ts';
import { RowRecorder } from '../core/row-recorder.ts';
import type { Pace } from '../core/schedule.ts';
import { isProviderKey, targetId } from '../core/target-key.ts';
import type { Incident, MinuteRow, ProbeResult, TargetKey, Verdict, VerdictChange } from '../core/types.ts';
import { VerdictBook } from '../core/verdict.ts';
import { DEFAULT_VERDICT_SETTINGS } from '../core/verdict-settings.ts';

/** Evidence, and the time between two results, hold for this many probe intervals, and for this long at least. */
const HOLD_INTERVALS = 3;
const HOLD_AT_LEAST_MS = 2 * 60_000;

export interface HealthBookOptions {
  readonly maintenance: readonly MaintenanceWindow[];
  /** The longest time between two probes of a healthy target. */
  readonly intervalMs: (key: TargetKey) => number;
  readonly modelsTracked: (provider: string) => number;
  readonly isGateway: (provider: string) => boolean;
  /** The active incidents and those that ended lately, from the store. */
  readonly stored: readonly Incident[];
  /** Hears of every incident that is to be stored, and why. */
  readonly onIncident: (change: IncidentChange) => void;
  readonly onVerdict: (change: VerdictChange) => void;
}

/** The one place where a result becomes a verdict, an incident and a row. */
export class HealthBook {
  readonly verdicts: VerdictBook;
  readonly incidents: IncidentBook;
  readonly #recorder: RowRecorder;
  readonly #options: HealthBookOptions;
  readonly #stored: readonly Incident[];
  readonly #latest = new Map<string, number>();
  #rows: MinuteRow[] = [];
  #version = 0;

  constructor(options: HealthBookOptions) {
    const { maintenance, modelsTracked, isGateway, stored } = options;
    this.#options = options;
    this.#stored = stored.filter(({ status }) => status !== 'resolved');
    this.verdicts = new VerdictBook(DEFAULT_VERDICT_SETTINGS, maintenance);
    const settings = DEFAULT_INCIDENT_SETTINGS;
    this.incidents = new IncidentBook({ settings, modelsTracked, isGateway, stored });
    const holdMs = (key: TargetKey): number => this.#holdMs(key);
    const { failuresUntilDown } = DEFAULT_VERDICT_SETTINGS;
    this.#recorder = new RowRecorder({ maintenance, holdMs, failuresUntilDown });
  }

  /** Rises with everything that views show. */
  get version(): number {
    return this.#version;
  }

  /** Begins to keep a target, as an incident that was active before a restart has it. */
  track(key: TargetKey, nowEpochMs: number): void {
    this.verdicts.track(key, nowEpochMs);
    const id = targetId(key);
    for (const incident of this.#stored) {
      if (this.incidents.get(incident.id) === null) continue;
      if (targetsOfIncident(incident).some((hit) => targetId(hit) === id))
        this.verdicts.restore(incident, key);
    }
    this.#version += 1;
  }

  forget(key: TargetKey, nowEpochMs: number): void {
    this.verdicts.forget(key);
    this.#recorder.forget(key);
    this.#latest.delete(targetId(key));
    this.#note(this.incidents.forget(key, nowEpochMs));
    this.#version += 1;
  }

  /** Takes in a result of this replica. */
  observe(result: ProbeResult): void {
    this.#recorder.record(result);
    this.#judge(result);
  }

  /** Takes in a result of another replica, which keeps the row of it; false where it is not news. */
  hear(result: ProbeResult): boolean {
    if (result.atEpochMs <= (this.#latest.get(targetId(result.key)) ?? 0)) return false;
    this.#rows.push(...this.#recorder.take());
    this.#recorder.record(result);
    this.#recorder.take();
    this.#judge(result);
    return true;
  }

  /**
   * True for a result after which its provider is to be asked at once: its model fails, and it is not known yet
   * whether the model alone does.
   */
  asksForProvider(result: ProbeResult): boolean {
    if (isProviderKey(result.key) || evidenceOf(result.outcome) !== 'failed') return false;
    const before = this.verdicts.get(result.key)?.consecutiveFailures ?? 0;
    return before < DEFAULT_VERDICT_SETTINGS.failuresUntilDown;
  }

  /** Brings verdicts and incidents up to date with the time. */
  refresh(nowEpochMs: number): void {
    this.#note(this.incidents.refresh(nowEpochMs));
    for (const change of this.verdicts.refresh(nowEpochMs, (key) => this.#holdMs(key))) {
      this.#version += 1;
      this.#options.onVerdict(change);
      this.#note(this.incidents.apply(change));
    }
  }

  /** Drops from restored incidents what is tracked no more. */
  reconcile(isTracked: (key: TargetKey) => boolean, nowEpochMs: number): void {
    this.#note(this.incidents.reconcile(isTracked, nowEpochMs));
  }

  /** Takes in what another replica has open. */
  hearClaim(claim: IncidentClaim, nowEpochMs: number): void {
    this.#note(this.incidents.hear(claim, nowEpochMs));
  }

  acknowledge(id: string, by: string, atMs: number): Incident | null {
    const change = this.incidents.acknowledge(id, by, atMs);
    if (change === null) return null;
    this.#note([change]);
    return change.incident;
  }

  paceOf(key: TargetKey): Pace {
    return this.verdicts.paceOf(key);
  }

  verdictOf(key: TargetKey): Verdict | null {
    return this.verdicts.get(key);
  }

  /** The rows since the last call. */
  takeRows(): MinuteRow[] {
    const rows = [...this.#rows, ...this.#recorder.take()];
    this.#rows = [];
    return rows;
  }

  #judge(result: ProbeResult): void {
    this.#version += 1;
    const id = targetId(result.key);
    this.#latest.set(id, Math.max(this.#latest.get(id) ?? 0, result.atEpochMs));
    const changes = this.verdicts.observe(result);
    for (const change of changes) this.#options.onVerdict(change);
    const verdict = this.verdicts.get(result.key);
    if (verdict !== null) this.#note(this.incidents.observe(result, verdict, changes));
  }

  #note(changes: readonly IncidentChange[]): void {
    for (const change of changes) {
      this.#version += 1;
      this.#options.onIncident(change);
    }
  }

  #holdMs(key: TargetKey): number {
    return Math.max(HOLD_INTERVALS * this.#options.intervalMs(key), HOLD_AT_LEAST_MS);
  }
}
