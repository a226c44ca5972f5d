import { checkSeveritySettings, DEFAULT_SEVERITY, type SeveritySettings } from './incident-severity.ts';
import { requireInteger, requireNumber } from './require-option.ts';

export type IncidentSettings = {
  /**
   * Models of one provider that are in the same trouble make one provider-wide incident from this many, or from this
   * share (0…1) of its tracked models; two at least.
   */
  readonly providerWideModels: number;
  readonly providerWideShare: number;
  /** A target in trouble again within this time after the end reopens the incident. */
  readonly reopenWithinMs: number;
  /** A provider-wide incident that has hit too few models for this long goes on as one for each of them. */
  readonly splitAfterMs: number;
  /**
   * A model's incident waits for a check of its provider that was made after the model went down, so that one outage
   * is not two incidents; for no longer than this.
   */
  readonly holdMs: number;
  /** A provider whose own checks fail takes over the incidents of its models that are no older than this. */
  readonly sameCauseMs: number;
  /** Which refusals open an incident; being slow or failing in part opens none. */
  readonly refusals: readonly ('rate_limited' | 'credentials')[];
  readonly severity: SeveritySettings;
};

export const DEFAULT_INCIDENT_SETTINGS: IncidentSettings = {
  providerWideModels: 10,
  providerWideShare: 0.5,
  reopenWithinMs: 30 * 60_000,
  splitAfterMs: 30 * 60_000,
  holdMs: 3 * 60_000,
  sameCauseMs: 30 * 60_000,
  refusals: ['credentials'],
  severity: DEFAULT_SEVERITY,
};

/** Throws a RangeError that names the first bad setting. */
export function checkIncidentSettings(settings: IncidentSettings): void {
  requireInteger('providerWideModels', settings.providerWideModels, 2);
  requireNumber('providerWideShare', settings.providerWideShare, 0.01, 1);
  requireInteger('reopenWithinMs', settings.reopenWithinMs, 0);
  requireInteger('splitAfterMs', settings.splitAfterMs, 0);
  requireInteger('holdMs', settings.holdMs, 0);
  requireInteger('sameCauseMs', settings.sameCauseMs, 0);
  checkSeveritySettings(settings.severity);
}
