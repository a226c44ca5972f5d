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

type OpenRow = { -readonly [Field in keyof MinuteRow]: MinuteRow[Field] };

type Range = { readonly fromMs: number; readonly toMs: number };

/** What is known of one target: its last result, and its newest row. */
type Track = {
  readonly key: TargetKey;
  last: { readonly atMs: number; readonly isUp: boolean } | null;
  /** From its last success to its first failure, until it is known whether the provider failed too. */
  fall: Range | null;
  row: OpenRow | null;
  /** How often rows had been taken when the newest was begun. */
  takes: number;
};

/**
 * Turns results into what is added to the stored minute rows.
 *
 * Between two results of a target, each vouches for its half of the time, so that neither the probe interval nor the
 * closer look at a failing target bends the uptime: a change lies in the middle, half the time between them away at
 * most. Where a model fell or rose with its provider, the provider's closer watch tells when. The credit goes to the
 * row of the newer result; that of a fall waits for one more.
 */
export class RowRecorder {
  readonly #options: RowRecorderOptions;
  readonly #tracks = new Map<string, Track>();
  readonly #outages = new Map<string, ProviderOutages>();
  #rows: OpenRow[] = [];
  #takes = 0;
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
    const { key, atEpochMs: atMs } = result;
    const evidence = evidenceOf(result.outcome);
    const isAnswer = evidence === 'ok' && (result.kind === 'completion' || result.kind === 'traffic');
    if (isAnswer && !isProviderKey(key)) this.#vouch(this.#trackOf(providerKey(key.provider)), atMs, true);
    const track = this.#trackOf(key);
    const row = this.#rowOf(track, atMs);
    if (inMaintenance(this.#windows, key, atMs)) {
      row.maintenance += 1;
      this.#breakOff(track, atMs);
      return;
    }
    if ((evidence !== 'ok' && evidence !== 'failed') || isTooWeak(result, track)) {
      row.unknown += 1;
      return;
    }
    if (evidence === 'ok') row.ok += 1;
    else row.failed += 1;
    const latencyMs = Math.max(0, Math.round(result.latencyMs)) || 0;
    row.latencySumMs += latencyMs;
    row.latencyMaxMs = Math.max(row.latencyMaxMs, latencyMs);
    this.#vouch(track, atMs, evidence === 'ok');
  }

  /** What has been recorded since the last call, to be added to the store. */
  take(): MinuteRow[] {
    const rows = this.#rows;
    this.#rows = [];
    this.#takes += 1;
    return rows;
  }

  forget(key: TargetKey): void {
    this.#tracks.delete(targetId(key));
    if (isProviderKey(key)) this.#outages.delete(key.provider);
  }

  /** Neither end of a planned outage says how the time beside it was. */
  #breakOff(track: Track, atMs: number): void {
    this.#settleFall(track, atMs);
    track.last = null;
    if (isProviderKey(track.key)) this.#outages.get(track.key.provider)?.end();
  }

  #vouch(track: Track, atMs: number, isUp: boolean): void {
    const { key, last: before } = track;
    if (inMaintenance(this.#windows, key, atMs)) return;
    track.last = { atMs, isUp };
    if (isProviderKey(key)) this.#vouchForProvider(track, before, atMs, isUp);
    else this.#vouchForModel(track, before, atMs, isUp);
  }

  #vouchForProvider(track: Track, before: Track['last'], atMs: number, isUp: boolean): void {
    const outages = this.#outagesOf(track.key.provider);
    if (before === null || atMs <= before.atMs) {
      outages.add(isUp, atMs, atMs);
      return;
    }
    const halfMs = Math.min(atMs - before.atMs, this.#options.holdMs(track.key)) / 2;
    this.#credit(track, atMs, before.isUp, before.atMs, before.atMs + halfMs);
    this.#credit(track, atMs, isUp, atMs - halfMs, atMs);
    if (!before.isUp) outages.lengthen(before.atMs + halfMs);
    outages.add(isUp, atMs - halfMs, atMs);
  }

  #vouchForModel(track: Track, before: Track['last'], atMs: number, isUp: boolean): void {
    const outages = this.#outages.get(track.key.provider);
    if (isUp || outages?.isUndecided !== true) this.#settleFall(track, atMs);
    if (before === null || atMs <= before.atMs) return;
    const range = { fromMs: before.atMs, toMs: atMs };
    if (before.isUp && !isUp) {
      this.#settleFall(track, atMs);
      track.fall = range;
      return;
    }
    const outage = before.isUp === isUp ? null : (outages?.at(before.atMs) ?? null);
    this.#creditBetween(track, atMs, range, before.isUp, isUp, outage?.toMs ?? null);
  }

  #settleFall(track: Track, rowAtMs: number): void {
    const { key, fall } = track;
    if (fall === null) return;
    track.fall = null;
    const outage = this.#outages.get(key.provider)?.at(fall.toMs) ?? null;
    this.#creditBetween(track, rowAtMs, fall, true, false, outage?.fromMs ?? null);
  }

  /** Credits a model's time between two results, the change between them at `changeMs` where that is known. */
  #creditBetween(
    track: Track,
    rowAtMs: number,
    { fromMs, toMs }: Range,
    wasUp: boolean,
    isUp: boolean,
    changeMs: number | null,
  ): void {
    const holdMs = this.#options.holdMs(track.key);
    const vouchedMs = toMs - fromMs <= holdMs ? holdMs : holdMs / 2;
    const atMs = Math.min(Math.max(changeMs ?? (fromMs + toMs) / 2, fromMs), toMs);
    // An outage's own results vouch for all of it.
    const isDownKnown = changeMs !== null;
    const untilMs = !wasUp && isDownKnown ? atMs : Math.min(atMs, fromMs + vouchedMs);
    const sinceMs = !isUp && isDownKnown ? atMs : Math.max(atMs, toMs - vouchedMs);
    this.#credit(track, rowAtMs, wasUp, fromMs, untilMs);
    this.#creditOutages(track, rowAtMs, untilMs, sinceMs);
    this.#credit(track, rowAtMs, isUp, sinceMs, toMs);
  }

  #credit(track: Track, rowAtMs: number, isUp: boolean, fromMs: number, toMs: number): void {
    const { key } = track;
    const plannedMs = maintenanceOverlapMs(this.#windows, key, fromMs, toMs);
    const ms = Math.max(0, Math.round(toMs - fromMs - plannedMs));
    if (ms === 0) return;
    const row = this.#rowOf(track, rowAtMs);
    const outageMs =
      isUp && !isProviderKey(key) ? (this.#outages.get(key.provider)?.overlapMs(fromMs, toMs) ?? 0) : 0;
    const downMs = isUp ? Math.min(ms, Math.round(outageMs)) : ms;
    row.downMs += downMs;
    row.upMs += ms - downMs;
  }

  // A model is not probed while its provider is down, so the time too long to vouch for may be known all the same.
  #creditOutages(track: Track, rowAtMs: number, fromMs: number, toMs: number): void {
    if (toMs <= fromMs) return;
    const outageMs = this.#outages.get(track.key.provider)?.overlapMs(fromMs, toMs) ?? 0;
    if (outageMs === 0) return;
    const plannedMs = maintenanceOverlapMs(this.#windows, track.key, fromMs, toMs);
    this.#rowOf(track, rowAtMs).downMs += Math.max(0, Math.round(outageMs - plannedMs));
  }

  #outagesOf(provider: string): ProviderOutages {
    let outages = this.#outages.get(provider);
    if (outages === undefined) {
      outages = new ProviderOutages(this.#options.failuresUntilDown);
      this.#outages.set(provider, outages);
    }
    return outages;
  }

  #trackOf(key: TargetKey): Track {
    const id = targetId(key);
    let track = this.#tracks.get(id);
    if (track === undefined) {
      track = { key, last: null, fall: null, row: null, takes: 0 };
      this.#tracks.set(id, track);
    }
    return track;
  }

  #rowOf(track: Track, atMs: number): OpenRow {
    const minuteEpochMs = Math.floor(atMs / MINUTE_MS) * MINUTE_MS;
    if (track.row?.minuteEpochMs === minuteEpochMs && track.takes === this.#takes) return track.row;
    track.takes = this.#takes;
    track.row = emptyRow(track.key, minuteEpochMs);
    this.#rows.push(track.row);
    return track.row;
  }
}

// As for verdicts: that a list names a model does not prove that it answers once it has stopped doing so.
function isTooWeak({ key, kind, outcome }: ProbeResult, { last }: Track): boolean {
  const isListing = kind === 'models' || kind === 'reachability';
  return outcome === 'success' && isListing && last?.isUp === false && !isProviderKey(key);
}

function emptyRow(key: TargetKey, minuteEpochMs: number): OpenRow {
  return {
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
}
