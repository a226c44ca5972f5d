import type { IncidentChange } from '../core/incident-change.ts';
import type { ProbeBudget } from '../core/probe-budget.ts';
import type { VerdictChange } from '../core/types.ts';
import { describeError, log } from '../log.ts';

const MODELS_SHOWN = 10;
const MICRO = 1_000_000;

/** Logs what has become of an incident; that it only has more evidence is no news. */
export function logIncident({ kind, incident }: IncidentChange): void {
  if (kind === 'updated') return;
  const { id, provider, scope, type, severity, models } = incident;
  const isTrouble = kind === 'opened' || kind === 'reopened' || kind === 'escalated';
  const fields = {
    incident_id: id,
    provider,
    scope,
    error_type: type,
    severity,
    models: models.slice(0, MODELS_SHOWN).join(', '),
    models_count: models.length,
    duration_ms: incident.resolvedAtMs === null ? undefined : incident.resolvedAtMs - incident.openedAtMs,
    absorbed_into: incident.absorbedInto ?? undefined,
  };
  log(isTrouble ? 'warn' : 'info', `incident ${kind}`, fields, id);
}

/** Logs a change of verdict; that a target is found healthy for the first time is no news. */
export function logVerdict({ key, from, to, verdict }: VerdictChange): void {
  if (from === 'unknown' && to === 'healthy') return;
  log('info', 'verdict changed', {
    provider: key.provider,
    model: key.model === '' ? undefined : key.model,
    from,
    to,
    cause: verdict.cause ?? undefined,
    outcome: verdict.lastOutcome ?? undefined,
    consecutive_failures: verdict.consecutiveFailures,
  });
}

/** Logs that the store has begun to fail, or with null that it takes writes again. */
export function logStore(error: unknown): void {
  if (error === null) log('info', 'the database answers again');
  else log('error', 'the database does not take what it is given', describeError(error));
}

/** Logs, once a day for each provider, that probes have used up its budget. To be called after each spending. */
export function createSpentLog(budget: ProbeBudget): (provider: string, day: string) => void {
  const told = new Map<string, string>();
  return (provider, day) => {
    const atMs = Date.parse(day);
    if (told.get(provider) === day || !budget.isSpent(provider, atMs)) return;
    told.set(provider, day);
    const { tokens, microUsd } = budget.spent(provider, atMs);
    log('warn', 'probe budget spent', { provider, day, tokens, cost_usd: microUsd / MICRO }, provider);
  };
}
