import type { Outcome } from '@gatewayz/provider-health';
import { evidenceOf } from './evidence-of.ts';
import { isProviderKey, providerKey, targetId } from './target-key.ts';
import type { Incident, IncidentEvidence, IncidentScope, ProbeResult, TargetKey, Verdict } from './types.ts';

/** What one incident can be about: failures are one family, whether they end in an error, late or not at all. */
export type IncidentFamily = 'failure' | 'rate_limited' | 'credentials';

const EVIDENCE_KEPT = 10;
const DETAIL_CHARACTERS = 300;

/** An active incident and the targets that are hit at this moment. */
export type IncidentCase = {
  incident: Incident;
  readonly family: IncidentFamily;
  readonly hit: Map<string, TargetKey>;
  /** Since when a provider-wide incident has hit too few models to be one; null while it hits enough. */
  thinSinceMs: number | null;
};

/** The family of an outcome, or null for one that no incident is about. */
export function familyOf(outcome: Outcome): IncidentFamily | null {
  const evidence = evidenceOf(outcome);
  if (evidence === 'failed') return 'failure';
  if (evidence === 'refused') return outcome === 'credentials' ? 'credentials' : 'rate_limited';
  return null;
}

/** The outcome that stands for a verdict in trouble of this family. */
export function typeOf(family: IncidentFamily, verdict: Verdict): Outcome {
  const last = verdict.lastOutcome;
  if (last !== null && familyOf(last) === family) return last;
  return family === 'failure' ? 'provider_error' : family;
}

/** A case of a new incident, low and without evidence until it is given some. */
export function openCase(
  id: string,
  scope: IncidentScope,
  key: TargetKey,
  family: IncidentFamily,
  type: Outcome,
  atMs: number,
): IncidentCase {
  const incident: Incident = {
    id,
    scope,
    provider: key.provider,
    models: [],
    type,
    severity: 'low',
    status: 'open',
    openedAtMs: atMs,
    updatedAtMs: atMs,
    acknowledgedAtMs: null,
    acknowledgedBy: null,
    resolvedAtMs: null,
    consecutiveFailures: 0,
    absorbedInto: null,
    evidence: [],
  };
  return { incident, family, hit: new Map(), thinSinceMs: null };
}

/** A stored incident as a case: all that it ever hit is held to be hit, until results say otherwise. */
export function restoreCase(incident: Incident): IncidentCase {
  const hit = new Map(targetsOfIncident(incident).map((key) => [targetId(key), key]));
  return { incident, family: familyOf(incident.type) ?? 'failure', hit, thinSinceMs: null };
}

/** The targets that an incident is about. */
export function targetsOfIncident(incident: Incident): TargetKey[] {
  const models = incident.models.map((model) => ({ provider: incident.provider, model }));
  return incident.providerIsDown === true ? [providerKey(incident.provider), ...models] : models;
}

/** Adds a target to those that a case hits. */
export function addHit(one: IncidentCase, key: TargetKey): void {
  one.hit.set(targetId(key), key);
  if (isProviderKey(key)) {
    one.incident = { ...one.incident, providerIsDown: true };
    return;
  }
  const { models } = one.incident;
  if (models.includes(key.model)) return;
  one.incident = { ...one.incident, models: [...models, key.model].sort() };
}

/** The evidence that a failed result is, its detail cut to a bounded length. */
export function toEvidence(result: ProbeResult): IncidentEvidence {
  return {
    atMs: result.atEpochMs,
    outcome: result.outcome,
    detail: (result.detail ?? '').slice(0, DETAIL_CHARACTERS),
    requestId: result.requestId ?? null,
  };
}

/** Two runs of evidence as one, by time; of too many the very first and the last are kept. */
export function joinEvidence(
  a: readonly IncidentEvidence[],
  b: readonly IncidentEvidence[],
): readonly IncidentEvidence[] {
  const all = [...a, ...b].sort((x, y) => x.atMs - y.atMs);
  return all.length <= EVIDENCE_KEPT ? all : [...all.slice(0, 1), ...all.slice(1 - EVIDENCE_KEPT)];
}

/**
 * An id that is the same wherever the same incident is opened: from its scope, targets, family and time of opening
 * (FNV-1a, 32 bits, over their JSON).
 */
export function incidentId(
  scope: IncidentScope,
  key: TargetKey,
  family: IncidentFamily,
  openedAtMs: number,
): string {
  let hash = 0x811c9dc5;
  for (const character of JSON.stringify([scope, key.provider, key.model, family])) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  }
  return `inc-${Math.floor(openedAtMs).toString(36)}-${hash.toString(16).padStart(8, '0')}`;
}
