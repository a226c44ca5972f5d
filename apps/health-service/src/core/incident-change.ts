import type { Incident } from './types.ts';

export type IncidentChangeKind =
  | 'opened'
  | 'reopened'
  | 'escalated'
  | 'updated'
  | 'acknowledged'
  | 'absorbed'
  | 'resolved';

/** One incident as it is to be stored now, and what has become of it. Of several with one id the last one holds. */
export type IncidentChange = { readonly kind: IncidentChangeKind; readonly incident: Incident };

/** What has become of an incident that was given something more. */
export function changeFrom(before: Incident, after: Incident): IncidentChange {
  return { kind: before.severity === after.severity ? 'updated' : 'escalated', incident: after };
}
