import type { Outcome } from '@gatewayz/provider-health';
import type { IncidentFamily } from './incident-case.ts';
import { providerKey } from './target-key.ts';
import type { Incident, IncidentScope, TargetKey } from './types.ts';

/** What a new incident is about. */
export type IncidentSubject = {
  readonly scope: IncidentScope;
  readonly key: TargetKey;
  readonly family: IncidentFamily;
  readonly type: Outcome;
};

/** The target that an incident is named after. */
export function subjectKey(incident: Pick<Incident, 'scope' | 'provider' | 'models'>): TargetKey {
  if (incident.scope !== 'model') return providerKey(incident.provider);
  return { provider: incident.provider, model: incident.models[0] ?? '' };
}

/** The same for every incident that is about the same, at whatever time. */
export function subjectId(scope: IncidentScope, key: TargetKey, family: IncidentFamily): string {
  return JSON.stringify([scope === 'model', key.provider, key.model, family]);
}
