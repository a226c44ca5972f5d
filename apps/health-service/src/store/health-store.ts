import type {
  HourRow,
  Incident,
  IncidentSeverity,
  IncidentStatus,
  MinuteRow,
  RowCounts,
} from '../core/types.ts';

/** Absent fields do not filter; `modelName: ''` is the provider as a whole. */
export interface SampleFilter {
  readonly providerName?: string;
  readonly modelName?: string;
}

/** What one target's rows of a time range add up to. */
export type TargetTotals = RowCounts & { readonly providerName: string; readonly modelName: string };

/** Newest first; absent fields and empty lists do not filter. */
export interface IncidentQuery {
  readonly statuses?: readonly IncidentStatus[];
  readonly severities?: readonly IncidentSeverity[];
  readonly provider?: string;
  /** Those that a wider one took in are left out where it is false. */
  readonly absorbed?: boolean;
  /** At most this many. */
  readonly limit: number;
  /** The `id` of the last incident of the page before; an unknown one gives an empty page. */
  readonly before?: string;
}

/** What a provider's probes used of one day's budget. */
export interface Spent {
  readonly tokens: number;
  /** Millionths of a US dollar. */
  readonly microUsd: number;
}

export type StoreTable = 'minute_rows' | 'hour_rows' | 'incidents' | 'budgets' | 'none';

export type StoreOperation = 'select' | 'upsert' | 'delete' | 'ping';

/**
 * The health service's memory: samples by minute and hour, incidents, and what probes have cost. A write that has
 * resolved survives the end of the process, however it ends. Times are epoch milliseconds, ranges are half open
 * (`from` ≤ t < `to`), rows come ordered by time, provider and model. Every method rejects with a `SqlError`.
 */
export interface HealthStore extends AsyncDisposable {
  /** Adds the counts to what the minutes, and the hours that they lie in, already hold: all of them or none. */
  addSamples(rows: readonly MinuteRow[]): Promise<void>;
  /** Minutes are kept for 30 days, until `prune`. */
  minuteRows(fromMs: number, toMs: number, filter?: SampleFilter): Promise<readonly MinuteRow[]>;
  /** Hours are kept for good and hold every sample, the running hour's included: do not add minutes to them. */
  hourRows(fromMs: number, toMs: number, filter?: SampleFilter): Promise<readonly HourRow[]>;
  /** The sums of a range of minute or hour rows, one entry for each target that has any, by provider and model. */
  totals(
    of: 'minutes' | 'hours',
    fromMs: number,
    toMs: number,
    filter?: SampleFilter,
  ): Promise<readonly TargetTotals[]>;
  /**
   * Removes the minutes of hours that ended 30 days ago or earlier; the hours hold their counts. Repeating it changes
   * nothing, and replicas may do it at once.
   */
  prune(nowEpochMs: number): Promise<void>;
  /** Writes an incident as a whole; the last writer of an id wins. */
  putIncident(incident: Incident): Promise<void>;
  /** Those that are not resolved, newest first. */
  openIncidents(): Promise<readonly Incident[]>;
  incidents(query: IncidentQuery): Promise<readonly Incident[]>;
  incident(id: string): Promise<Incident | null>;
  /** `day` as `2026-01-31`, in UTC. */
  budget(provider: string, day: string): Promise<Spent>;
  /** Adds whole tokens and millionths of a dollar, and gives the day's new sum, other replicas' share included. */
  addSpent(provider: string, day: string, tokens: number, microUsd: number): Promise<Spent>;
  /** Resolves where the database answers. */
  ping(): Promise<void>;
  /** Finishes what is queued; later calls are refused. */
  close(): Promise<void>;
}
