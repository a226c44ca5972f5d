import type { IncidentChange } from '../core/incidents.ts';
import { describeError, log } from '../log.ts';

const MODELS_SHOWN = 10;

/** Logs what has become of an incident; that it only has more evidence is no news. */
export function logIncident({ kind, incident }: IncidentChange): void {
  if (kind === 'updated') return;
  const { id, provider, scope, type, severity, models } = incident;
  const level = kind === 'opened' || kind === 'reopened' || kind === 'escalated' ? 'warn' : 'info';
  log(level, `incident ${kind}`, {
    id,
    provider,
    scope,
    type,
    severity,
    models: models.slice(0, MODELS_SHOWN),
  });
}

/** Logs that the store has begun to fail, or with null that it takes writes again. */
export function logStore(error: unknown): void {
  if (error === null) log('info', 'the database answers again');
  else log('error', 'the database does not take what it is given', describeError(error));
}
