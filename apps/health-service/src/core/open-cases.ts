import {
  addHit,
  familyOf,
  type IncidentCase,
  type IncidentFamily,
  incidentId,
  joinEvidence,
  openCase,
  restoreCase,
} from './incident-case.ts';
import { type IncidentClaim, IncidentClaims } from './incident-claims.ts';
import type { IncidentSettings } from './incident-settings.ts';
import { severityOf, worseSeverity } from './incident-severity.ts';
import { type IncidentSubject, subjectId, subjectKey } from './incident-subject.ts';
import { isProviderKey, providerKey, targetId } from './target-key.ts';
import type { Incident, IncidentEvidence, TargetKey } from './types.ts';

/** The active incidents, by whom they hit, and those that ended so lately that they may be reopened. */
export class OpenCases {
  readonly #settings: IncidentSettings;
  readonly #modelsTracked: (provider: string) => number;
  readonly #byId = new Map<string, IncidentCase>();
  readonly #byTarget = new Map<string, IncidentCase>();
  /** Provider-wide cases by provider and family. */
  readonly #wide = new Map<string, IncidentCase>();
  /** Ended incidents by scope, target and family. */
  readonly #ended = new Map<string, Incident>();
  readonly #claims = new IncidentClaims();

  constructor(settings: IncidentSettings, modelsTracked: (provider: string) => number) {
    this.#settings = settings;
    this.#modelsTracked = modelsTracked;
  }

  all(): IncidentCase[] {
    return [...this.#byId.values()];
  }

  byId(id: string): IncidentCase | undefined {
    return this.#byId.get(id);
  }

  /** The case that hits a target now. */
  at(key: TargetKey): IncidentCase | undefined {
    return this.#byTarget.get(targetId(key));
  }

  wideAt(provider: string, family: IncidentFamily): IncidentCase | undefined {
    return this.#wide.get(subjectId('provider', providerKey(provider), family));
  }

  wide(): IncidentCase[] {
    return [...this.#wide.values()];
  }

  /** The cases of single models of a provider. */
  ofModels(provider: string, family: IncidentFamily): IncidentCase[] {
    return this.all().filter(
      ({ incident, family: own }) =>
        incident.scope === 'model' && incident.provider === provider && own === family,
    );
  }

  /** Those that may have the cause of their provider's own trouble at this time: what is much older has another. */
  ofCause(provider: string, family: IncidentFamily, atMs: number): IncidentCase[] {
    const fromMs = atMs - this.#settings.sameCauseMs;
    return this.ofModels(provider, family).filter(({ incident }) => incident.openedAtMs >= fromMs);
  }

  /** The provider-wide incident that ended within the time to reopen. */
  lastWide(provider: string, family: IncidentFamily, atMs: number): Incident | null {
    const last = this.#ended.get(subjectId('provider', providerKey(provider), family));
    return last !== undefined && this.#isReopenable(last, atMs) ? last : null;
  }

  /** Takes over a stored incident; one that was absorbed is over for good. */
  restore(incident: Incident): void {
    if (incident.absorbedInto !== null) return;
    const one = restoreCase(incident);
    const about = subjectId(incident.scope, subjectKey(incident), one.family);
    if (incident.status === 'resolved') {
      const known = this.#ended.get(about);
      if ((known?.resolvedAtMs ?? 0) <= (incident.resolvedAtMs ?? 0)) this.#ended.set(about, incident);
      return;
    }
    this.#byId.set(incident.id, one);
    if (incident.scope !== 'model') this.#wide.set(about, one);
    for (const id of one.hit.keys()) {
      // Where a crash has left a model's incident beside the provider-wide one, the target belongs to the latter.
      if (incident.scope !== 'model' || !this.#byTarget.has(id)) this.#byTarget.set(id, one);
    }
  }

  /** A new case, or the last one of the same subject where that ended within the time to reopen. */
  open(subject: IncidentSubject, atMs: number): { one: IncidentCase; kind: 'opened' | 'reopened' } {
    const { scope, key, family, type } = subject;
    const about = subjectId(scope, key, family);
    const ended = this.#ended.get(about);
    this.#ended.delete(about);
    const isRecent = ended !== undefined && this.#isReopenable(ended, atMs);
    const claim = isRecent ? null : this.#claims.at(about, atMs);
    const id = isRecent ? ended.id : this.#freeId(claim?.id ?? incidentId(scope, key, family, atMs));
    const one = openCase(id, scope, key, family, type, Math.min(atMs, claim?.openedAtMs ?? atMs));
    if (isRecent) {
      const { providerIsDown: _, ...kept } = ended;
      const status = ended.acknowledgedAtMs === null ? 'open' : 'acknowledged';
      one.incident = { ...kept, status, resolvedAtMs: null, updatedAtMs: Math.max(ended.updatedAtMs, atMs) };
    }
    this.#byId.set(id, one);
    if (scope !== 'model') this.#wide.set(about, one);
    return { one, kind: isRecent ? 'reopened' : 'opened' };
  }

  /**
   * Takes over the id under which another replica has an incident: for the next one of its subject, or for the one
   * that is open. Gives the latter as it ends under its own id, and as it goes on; null where nothing has changed.
   */
  adopt(claim: IncidentClaim, atMs: number): { before: Incident; now: Incident } | null {
    const { id, scope, key, type, openedAtMs } = claim;
    const family = familyOf(type) ?? 'failure';
    this.#claims.hear(subjectId(scope, key, family), claim, atMs);
    const one = scope === 'model' ? this.at(key) : this.wideAt(key.provider, family);
    const isSame = one?.family === family && (one.incident.scope === 'model') === (scope === 'model');
    if (!isSame || id >= one.incident.id || this.#byId.has(id)) return null;
    const before = one.incident;
    this.#byId.delete(before.id);
    one.incident = { ...before, id, openedAtMs: Math.min(before.openedAtMs, openedAtMs) };
    this.#byId.set(id, one);
    return { before: { ...ended(before, atMs), absorbedInto: id }, now: one.incident };
  }

  acknowledge(one: IncidentCase, by: string, atMs: number): Incident {
    const updatedAtMs = Math.max(one.incident.updatedAtMs, atMs);
    const seen = { status: 'acknowledged', acknowledgedAtMs: atMs, acknowledgedBy: by, updatedAtMs } as const;
    one.incident = { ...one.incident, ...seen };
    return one.incident;
  }

  /** Adds a target to those that a case hits. */
  hit(one: IncidentCase, key: TargetKey): void {
    addHit(one, key);
    this.#byTarget.set(targetId(key), one);
  }

  /** Adds what was seen of a target to its case; the severity only ever rises. */
  worsen(one: IncidentCase, failures: number, evidence: readonly IncidentEvidence[], atMs: number): void {
    const { incident } = one;
    one.incident = {
      ...incident,
      updatedAtMs: Math.max(incident.updatedAtMs, atMs),
      consecutiveFailures: Math.max(incident.consecutiveFailures, failures),
      evidence: joinEvidence(incident.evidence, evidence),
    };
    this.#rate(one);
  }

  /** Makes the case of a model part of a provider-wide one, and gives the model's incident as it ends. */
  absorb(wide: IncidentCase, { incident, hit }: IncidentCase, atMs: number): Incident {
    for (const key of hit.values()) this.hit(wide, key);
    this.#byId.delete(incident.id);
    this.beganBy(wide, incident.openedAtMs);
    this.worsen(wide, incident.consecutiveFailures, incident.evidence, atMs);
    return { ...ended(incident, atMs), absorbedInto: wide.incident.id };
  }

  /** Makes a case at least as old as this. */
  beganBy(one: IncidentCase, atMs: number): void {
    if (atMs < one.incident.openedAtMs) one.incident = { ...one.incident, openedAtMs: atMs };
  }

  /** Takes a target out of those that a case hits; true where the stored incident has changed by it. */
  leave(one: IncidentCase, key: TargetKey, atMs: number): boolean {
    const id = targetId(key);
    one.hit.delete(id);
    if (this.#byTarget.get(id) === one) this.#byTarget.delete(id);
    if (!isProviderKey(key)) return false;
    const { providerIsDown: _, ...kept } = one.incident;
    one.incident = { ...kept, updatedAtMs: Math.max(kept.updatedAtMs, atMs) };
    return true;
  }

  /** Ends a case and gives its incident as it ends. */
  resolve(one: IncidentCase, atMs: number): Incident {
    for (const key of [...one.hit.values()]) this.leave(one, key, atMs);
    const { incident, family } = one;
    const about = subjectId(incident.scope, subjectKey(incident), family);
    this.#byId.delete(incident.id);
    if (this.#wide.get(about) === one) this.#wide.delete(about);
    one.incident = ended(incident, atMs);
    for (const [other, old] of this.#ended) if (!this.#isReopenable(old, atMs)) this.#ended.delete(other);
    this.#ended.set(about, one.incident);
    return one.incident;
  }

  /** Whether this many models of a provider are enough for a provider-wide incident. */
  isWide(provider: string, models: number): boolean {
    const { providerWideModels, providerWideShare } = this.#settings;
    const tracked = this.#modelsTracked(provider);
    return models >= 2 && (models >= providerWideModels || models >= tracked * providerWideShare);
  }

  #rate(one: IncidentCase): void {
    const { incident, hit, family } = one;
    const providerIsDown = hit.has(targetId(providerKey(incident.provider)));
    const severity = severityOf(
      {
        scope: incident.scope,
        isRefusal: family !== 'failure',
        consecutiveFailures: incident.consecutiveFailures,
        modelsHit: hit.size - Number(providerIsDown),
        modelsTracked: this.#modelsTracked(incident.provider),
        providerIsDown,
      },
      this.#settings.severity,
    );
    one.incident = { ...incident, severity: worseSeverity(incident.severity, severity) };
  }

  #isReopenable({ resolvedAtMs }: Incident, atMs: number): boolean {
    return resolvedAtMs !== null && Math.abs(atMs - resolvedAtMs) <= this.#settings.reopenWithinMs;
  }

  #freeId(id: string): string {
    let free = id;
    for (let number = 2; this.#byId.has(free); number++) free = `${id}-${number}`;
    return free;
  }
}

function ended(incident: Incident, atMs: number): Incident {
  return {
    ...incident,
    status: 'resolved',
    resolvedAtMs: Math.max(atMs, incident.openedAtMs),
    updatedAtMs: Math.max(incident.updatedAtMs, atMs),
  };
}
