import type { Outcome } from '@gatewayz/provider-health';

/**
 * What is tracked: a model at a provider, or the provider as a whole (`model` is then the empty string).
 * A gateway is a provider that resells others' models, and has a provider's key.
 */
export type TargetKey = {
  readonly provider: string;
  readonly model: string;
};

/** Where a result came from, cheapest first; `traffic` is a reading of live requests, not a probe. */
export type ProbeKind = 'reachability' | 'models' | 'completion' | 'traffic';

/** How one probe of one target ended. `latencyMs` is measured on a monotonic clock, `atEpochMs` is the wall's. */
export type ProbeResult = {
  readonly key: TargetKey;
  readonly kind: ProbeKind;
  readonly outcome: Outcome;
  readonly latencyMs: number;
  readonly atEpochMs: number;
  /** The `x-request-id` of the provider's answer, where there was one. */
  readonly requestId?: string;
  /** One line on what went wrong, already redacted. */
  readonly detail?: string;
  /** Of `traffic` alone: the failed share (0…1) of the live attempts behind it; `latencyMs` is then their p95. */
  readonly failedShare?: number;
};

export const HEALTH_STATES = ['healthy', 'degraded', 'down', 'unknown', 'maintenance'] as const;

/** What is said of a target. */
export type HealthState = (typeof HEALTH_STATES)[number];

/** Why a target is `degraded`: each one has another remedy. */
export type DegradedCause = 'failing' | 'slow' | 'rate_limited' | 'credentials';

/** What is known of one target at one moment. */
export type Verdict = {
  readonly key: TargetKey;
  readonly state: HealthState;
  /** Set only while `state` is `degraded`. */
  readonly cause: DegradedCause | null;
  /** Since when the target has been in this state. */
  readonly sinceMs: number;
  /** When the last result with evidence came in; null where none ever did. */
  readonly lastEvidenceAtMs: number | null;
  readonly lastOutcome: Outcome | null;
  readonly consecutiveFailures: number;
  readonly consecutiveSuccesses: number;
};

/** One step from a state to another. */
export type VerdictChange = {
  readonly key: TargetKey;
  readonly from: HealthState;
  readonly to: HealthState;
  readonly verdict: Verdict;
  readonly atMs: number;
};

export const INCIDENT_SCOPES = ['model', 'provider', 'gateway'] as const;

export type IncidentScope = (typeof INCIDENT_SCOPES)[number];

export const INCIDENT_SEVERITIES = ['low', 'medium', 'high', 'critical'] as const;

/** In rising order. */
export type IncidentSeverity = (typeof INCIDENT_SEVERITIES)[number];

export const INCIDENT_STATUSES = ['open', 'acknowledged', 'resolved'] as const;

/** `open` and `acknowledged` incidents are active. */
export type IncidentStatus = (typeof INCIDENT_STATUSES)[number];

/** One error kept as proof of an incident. */
export type IncidentEvidence = {
  readonly atMs: number;
  readonly outcome: Outcome;
  readonly detail: string;
  readonly requestId: string | null;
};

/** One cause of trouble, from its opening to its end. All times are epoch milliseconds. */
export type Incident = {
  readonly id: string;
  readonly scope: IncidentScope;
  readonly provider: string;
  /** The models hit at some time during the incident, sorted; empty where the provider itself was the only target. */
  readonly models: readonly string[];
  readonly type: Outcome;
  readonly severity: IncidentSeverity;
  readonly status: IncidentStatus;
  readonly openedAtMs: number;
  readonly updatedAtMs: number;
  readonly acknowledgedAtMs: number | null;
  readonly acknowledgedBy: string | null;
  readonly resolvedAtMs: number | null;
  readonly consecutiveFailures: number;
  /** Set where the provider's own checks failed, not only its models'. */
  readonly providerIsDown?: boolean;
  /** The provider-wide incident that this one turned out to be part of; it is `resolved` then, and not counted. */
  readonly absorbedInto: string | null;
  /** Oldest first, bounded. */
  readonly evidence: readonly IncidentEvidence[];
};

/**
 * What one row counts, whatever its length; rows add up, field by field (`latencyMaxMs` by its maximum). The counts
 * are of results; `unknown` ones prove nothing about the target. A failing target is probed more often than a
 * healthy one, so uptime comes from `upMs` and `downMs`, the time that the results vouch for, and never from the
 * counts where there is such time.
 */
export type RowCounts = {
  /** Whole milliseconds up, maintenance excluded. The time since the result before is credited to the newer row. */
  readonly upMs: number;
  /** Whole milliseconds down, maintenance excluded. */
  readonly downMs: number;
  readonly ok: number;
  readonly failed: number;
  readonly unknown: number;
  /** Results that fell into a maintenance window: in none of the other three. */
  readonly maintenance: number;
  /** Over `ok` and `failed`. */
  readonly latencySumMs: number;
  readonly latencyMaxMs: number;
};

/** One target's results in one minute; `modelName` is empty for the provider as a whole. */
export type MinuteRow = RowCounts & {
  readonly providerName: string;
  readonly modelName: string;
  /** The first millisecond of the minute. */
  readonly minuteEpochMs: number;
};

/** One target's results in one hour; `modelName` is empty for the provider as a whole. */
export type HourRow = RowCounts & {
  readonly providerName: string;
  readonly modelName: string;
  /** The first millisecond of the hour. */
  readonly hourEpochMs: number;
};
