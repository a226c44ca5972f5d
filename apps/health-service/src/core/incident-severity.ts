import { requireInteger, requireNumber } from './require-option.ts';
import { INCIDENT_SEVERITIES, type IncidentScope, type IncidentSeverity } from './types.ts';

export type SeveritySettings = {
  /** From how many failures in a row an incident is at least `medium`, `high`, `critical`. */
  readonly mediumFailures: number;
  readonly highFailures: number;
  readonly criticalFailures: number;
  /** From this share of the provider's models (0…1) a provider-wide incident is at least `high`. */
  readonly highShare: number;
};

export const DEFAULT_SEVERITY: SeveritySettings = {
  mediumFailures: 6,
  highFailures: 12,
  criticalFailures: 24,
  highShare: 0.5,
};

/** What an incident's severity depends on. */
export type Extent = {
  readonly scope: IncidentScope;
  readonly isRefusal: boolean;
  readonly consecutiveFailures: number;
  readonly modelsHit: number;
  readonly modelsTracked: number;
  readonly providerIsDown: boolean;
};

/**
 * How bad it is: by how long it has failed and by how much of the provider is hit, whichever is worse; `critical`
 * also where both are `high`. One model alone is never above `high`, and neither is a refusal: the provider works.
 */
export function severityOf(extent: Extent, settings: SeveritySettings): IncidentSeverity {
  const byFailures = rankByFailures(extent.consecutiveFailures, settings);
  const byBreadth = rankByBreadth(extent, settings);
  const both = byFailures >= 2 && byBreadth >= 2 ? 3 : Math.max(byFailures, byBreadth);
  const highest = extent.scope === 'model' || extent.isRefusal ? 2 : 3;
  return INCIDENT_SEVERITIES[Math.min(both, highest)] ?? 'low';
}

/** The worse of two severities. */
export function worseSeverity(a: IncidentSeverity, b: IncidentSeverity): IncidentSeverity {
  return INCIDENT_SEVERITIES.indexOf(a) >= INCIDENT_SEVERITIES.indexOf(b) ? a : b;
}

function rankByFailures(failures: number, settings: SeveritySettings): number {
  if (failures >= settings.criticalFailures) return 3;
  if (failures >= settings.highFailures) return 2;
  return failures >= settings.mediumFailures ? 1 : 0;
}

function rankByBreadth(extent: Extent, settings: SeveritySettings): number {
  if (extent.scope === 'model') return 0;
  const share = extent.modelsTracked > 0 ? extent.modelsHit / extent.modelsTracked : 0;
  return extent.providerIsDown || share >= settings.highShare ? 2 : 1;
}

/** Throws a RangeError that names the first bad setting. */
export function checkSeveritySettings(settings: SeveritySettings): void {
  requireInteger('mediumFailures', settings.mediumFailures, 1);
  requireInteger('highFailures', settings.highFailures, settings.mediumFailures);
  requireInteger('criticalFailures', settings.criticalFailures, settings.highFailures);
  requireNumber('highShare', settings.highShare, 0, 1);
}
