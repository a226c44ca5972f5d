import type { Incident } from '../core/types.ts';
import type { IncidentQuery } from '../store/health-store.ts';

/** Answers a query from incidents in memory, as the store would: newest first, an unknown `before` gives nothing. */
export function selectIncidents(incidents: readonly Incident[], query: IncidentQuery): readonly Incident[] {
  const { statuses, severities, provider, absorbed = true, limit, before } = query;
  const sorted = incidents.toSorted(
    (a, b) => b.openedAtMs - a.openedAtMs || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0),
  );
  const last = before === undefined ? -1 : sorted.findIndex(({ id }) => id === before);
  if (before !== undefined && last === -1) return [];
  return sorted
    .slice(last + 1)
    .filter(
      (incident) =>
        isAmong(statuses, incident.status) &&
        isAmong(severities, incident.severity) &&
        (provider === undefined || incident.provider === provider) &&
        (absorbed || incident.absorbedInto === null),
    )
    .slice(0, limit);
}

function isAmong<Value>(wanted: readonly Value[] | undefined, value: Value): boolean {
  return wanted === undefined || wanted.length === 0 || wanted.includes(value);
}
