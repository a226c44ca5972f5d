import { evidenceOf } from './evidence-of.ts';
import { inMaintenance, type MaintenanceWindow, maintenanceOverlapMs } from './maintenance.ts';
import { ProviderOutages } from './provider-outages.ts';
import { isProviderKey, providerKey, targetId } from './target-key.ts';
import type { MinuteRow, ProbeResult, TargetKey } from './types.ts';

const MINUTE_MS = 60_000;

export type RowRecorderOptions = {
  readonly maintenance?: readonly MaintenanceWindow[];
  /** The longest time between two results of a target that they vouch for together: some of its probe intervals. */
  readonly holdMs: (key: TargetKey) => number;
  /** As the verdicts have it: from here a provider's failures are an outage, which is its models' time down too. */
  readonly failuresUntilDown: number;
};

type Known = { readonly atMs: number; readonly isUp: boolean };

type OpenRow = { -readonly [Field in keyof MinuteRow]: MinuteRow[Field] };

/**
 * Turns results into what is added to the stored minute rows.
 *
 * Between two results of a target, each vouches for its half of the time, so that neither the probe interval nor the
 * closer look at a failing target bends the uptime. The credit goes to the row of the newer result.
 */
export class RowRecorder {
  readonly #options: RowRecorderOptions;
  readonly #known = new Map<string, Known>();
  readonly #outages = new Map<string, ProviderOutages>();
  #rows = new Map<string, OpenRow>();
  #windows: readonly MaintenanceWindow[];

  constructor(options: RowRecorderOptions) {
    this.#options = options;
    this.#windows = options.maintenance ?? [];
  }

  setMaintenance(windows: readonly MaintenanceWindow[]): void {
    this.#windows = windows;
  }

  /** Counts a result. A model that has answered vouches for its provider's time too, without being counted there. */
  record(result: ProbeResult): void {
    const evidence = evidenceOf(result.outcome);
    const { provider } = result.key;
    const isProofOfLife = evidence === 'ok' && (result.kind === 'completion' || result.kind === 'traffic');
    if (isProofOfLife && !isProviderKey(result.key))
      this.#vouch(providerKey(provider), result.atEpochMs, true);
    const row = this.#rowOf(result.key, result.atEpochMs);
    if (inMaintenance(this.#windows, result.key, result.atEpochMs)) {
      row.maintenance += 1;
      // Neither end of a planned outage says how the time beside it was.
      this.#known.delete(targetId(result.key));
      if (isProviderKey(result.key)) this.#outages.get(provider)?.end();
      return;
    }
    if ((evidence !== 'ok' && evidence !== 'failed') || this.#isTooWeak(result)) {
      row.unknown += 1;
      return;
    }
    if (evidence === 'ok') row.ok += 1;
    else row.failed += 1;
    const latencyMs = Math.max(0, Math.round(result.latencyMs)) || 0;
    row.latencySumMs += latencyMs;
    row.latencyMaxMs = Math.max(row.latencyMaxMs, latencyMs);
    this.#vouch(result.key, result.atEpochMs, evidence === 'ok');
  }

  /** What has been recorded since the last call, to be added to the store. */
  take(): MinuteRow[] {
    const rows = [...this.#rows.values()];
    this.#rows = new Map();
    return rows;
  }

  forget(key: TargetKey): void {
    this.#known.delete(targetId(key));
    if (isProviderKey(key)) this.#outages.delete(key.provider);
  }

  // As for verdicts: that a list names a model does not prove that it answers once it has stopped doing so.
  #isTooWeak(result: ProbeResult): boolean {
    const isListing = result.kind === 'models' || result.kind === 'reachability';
    const isDown = this.#known.get(targetId(result.key))?.isUp === false;
    return result.outcome === 'success' && isListing && isDown && !isProviderKey(result.key);
  }

  #vouch(key: TargetKey, atMs: number, isUp: boolean): void {
    if (inMaintenance(this.#windows, key, atMs)) return;
    const id = targetId(key);
    const before = this.#known.get(id);
    this.#known.set(id, { atMs, isUp });
    if (before === undefined || atMs <= before.atMs) {
      if (isProviderKey(key)) this.#outagesOf(key.provider).add(isUp, atMs, atMs);
      return;
    }
    const halfMs = Math.min(atMs - before.atMs, this.#options.holdMs(key)) / 2;
    this.#credit(key, atMs, before.isUp, before.atMs, before.atMs + halfMs);
    this.#credit(key, atMs, isUp, atMs - halfMs, atMs);
    if (!isProviderKey(key)) {
      this.#creditOutages(key, atMs, before.atMs + halfMs, atMs - halfMs);
      return;
    }
    const outages = this.#outagesOf(key.provider);
    if (!before.isUp) outages.lengthen(before.atMs + halfMs);
    outages.add(isUp, atMs - halfMs, atMs);
  }

  #credit(key: TargetKey, rowAtMs: number, isUp: boolean, fromMs: number, toMs: number): void {
    const plannedMs = maintenanceOverlapMs(this.#windows, key, fromMs, toMs);
    const ms = Math.max(0, Math.round(toMs - fromMs - plannedMs));
    if (ms === 0) return;
    const row = this.#rowOf(key, rowAtMs);
    const outageMs =
      isUp && !isProviderKey(key) ? (this.#outages.get(key.provider)?.overlapMs(fromMs, toMs) ?? 0) : 0;
    const downMs = isUp ? Math.min(ms, Math.round(outageMs)) : ms;
    row.downMs += downMs;
    row.upMs += ms - downMs;
  }

  // A model is not probed while its provider is down, so the time too long to vouch for may be known all the same.
  #creditOutages(key: TargetKey, rowAtMs: number, fromMs: number, toMs: number): void {
    const outageMs = this.#outages.get(key.provider)?.overlapMs(fromMs, toMs) ?? 0;
    if (outageMs === 0) return;
    const plannedMs = maintenanceOverlapMs(this.#windows, key, fromMs, toMs);
    this.#rowOf(key, rowAtMs).downMs += Math.max(0, Math.round(outageMs - plannedMs));
  }

  #outagesOf(provider: string): ProviderOutages {
    let outages = this.#outages.get(provider);
    if (outages === undefined) {
      outages = new ProviderOutages(this.#options.failuresUntilDown);
      this.#outages.set(provider, outages);
    }
    return outages;
  }

  #rowOf(key: TargetKey, atMs: number): OpenRow {
    const minuteEpochMs = Math.floor(atMs / MINUTE_MS) * MINUTE_MS;
    const id = `${minuteEpochMs}${targetId(key)}`;
    let row = this.#rows.get(id);
    if (row === undefined) {
      row = {
        providerName: key.provider,
        modelName: key.model,
        minuteEpochMs,
        upMs: 0,
        downMs: 0,
        ok: 0,
        failed: 0,
        unknown: 0,
        maintenance: 0,
        latencySumMs: 0,
        latencyMaxMs: 0,
      };
      this.#rows.set(id, row);
    }
    return row;
  }
}
