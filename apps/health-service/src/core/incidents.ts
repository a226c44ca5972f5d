import { familyOf, type IncidentCase, type IncidentFamily, toEvidence, typeOf } from './incident-case.ts';
import { checkIncidentSettings, type IncidentSettings } from './incident-settings.ts';
import { OpenCases } from './open-cases.ts';
import { isProviderKey, providerKey, targetId } from './target-key.ts';
import type { Incident, IncidentEvidence, ProbeResult, TargetKey, Verdict, VerdictChange } from './types.ts';

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

export type IncidentBookOptions = {
  readonly settings: IncidentSettings;
  /** How many models of a provider are tracked. */
  readonly modelsTracked: (provider: string) => number;
  readonly isGateway: (provider: string) => boolean;
  /** Stored incidents: the active ones, and those that ended within the time to reopen. */
  readonly stored?: readonly Incident[];
};

/** Failures before an incident opens are its first evidence; no more are kept than an incident holds. */
const EARLY_EVIDENCE_KEPT = 10;

/**
 * Opens, widens, escalates and ends incidents from verdicts and results, one for each cause.
 *
 * A target has at most one active incident. Models of a provider in the same trouble, or the provider itself, make
 * one provider-wide incident, which absorbs the models' own. `unknown` and `maintenance` prove no end.
 */
export class IncidentBook {
  readonly #settings: IncidentSettings;
  readonly #isGateway: (provider: string) => boolean;
  readonly #cases: OpenCases;
  readonly #early = new Map<string, IncidentEvidence[]>();

  /** @throws RangeError that names the bad setting */
  constructor({ settings, modelsTracked, isGateway, stored = [] }: IncidentBookOptions) {
    checkIncidentSettings(settings);
    this.#settings = settings;
    this.#isGateway = isGateway;
    this.#cases = new OpenCases(settings, modelsTracked);
    for (const incident of stored) this.#cases.restore(incident);
  }

  /** The active incidents, in no order. */
  active(): Incident[] {
    return this.#cases.all().map((one) => one.incident);
  }

  /** The active incident of this id. */
  get(id: string): Incident | null {
    return this.#cases.byId(id)?.incident ?? null;
  }

  /**
   * Takes in a result with what the verdicts made of it.
   *
   * @param verdict the verdict of the result's target, after the result
   */
  observe(result: ProbeResult, verdict: Verdict, changes: readonly VerdictChange[]): IncidentChange[] {
    const made = verdict.state === 'maintenance' ? [] : this.#addResult(result, verdict);
    return [...made, ...changes.flatMap((change) => this.apply(change))];
  }

  /** Takes in a change of verdict that no result has caused. */
  apply({ key, verdict, atMs }: VerdictChange): IncidentChange[] {
    if (verdict.state === 'unknown' || verdict.state === 'maintenance') return [];
    const family = this.#familyIn(verdict);
    const now = this.#cases.at(key);
    if (now !== undefined && now.family === family) return [];
    const left = now === undefined ? [] : this.#leave(now, key, atMs);
    return family === null ? left : [...left, ...this.#join(key, family, verdict, atMs)];
  }

  /** Marks an open incident as seen by someone; null where no such one is open. */
  acknowledge(id: string, by: string, atMs: number): IncidentChange | null {
    const one = this.#cases.byId(id);
    if (one?.incident.status !== 'open') return null;
    one.incident = {
      ...one.incident,
      status: 'acknowledged',
      acknowledgedAtMs: atMs,
      acknowledgedBy: by,
      updatedAtMs: Math.max(one.incident.updatedAtMs, atMs),
    };
    return { kind: 'acknowledged', incident: one.incident };
  }

  /**
   * Brings restored incidents in line with what is tracked now, and with each other: targets that have gone are hit
   * no more, and a provider-wide incident absorbs those of its models. To be called after a start and a reload.
   */
  reconcile(isTracked: (key: TargetKey) => boolean, atMs: number): IncidentChange[] {
    const made: IncidentChange[] = [];
    for (const wide of this.#cases.wide()) {
      const models = this.#cases.ofModels(wide.incident.provider, wide.family);
      if (models.length === 0) continue;
      for (const one of models)
        made.push({ kind: 'absorbed', incident: this.#cases.absorb(wide, one, atMs) });
      made.push({ kind: 'updated', incident: wide.incident });
    }
    for (const one of this.#cases.all()) {
      const gone = [...one.hit.values()].filter((key) => !isTracked(key));
      made.push(...gone.flatMap((key) => this.#leave(one, key, atMs)));
      if (gone.length === 0 && one.hit.size === 0) {
        made.push({ kind: 'resolved', incident: this.#cases.resolve(one, atMs) });
      }
    }
    return made;
  }

  /** Drops a target that is tracked no more; its incident ends where nothing else is hit. */
  forget(key: TargetKey, atMs: number): IncidentChange[] {
    this.#early.delete(targetId(key));
    const one = this.#cases.at(key);
    return one === undefined ? [] : this.#leave(one, key, atMs);
  }

  #addResult(result: ProbeResult, verdict: Verdict): IncidentChange[] {
    const family = familyOf(result.outcome);
    const id = targetId(result.key);
    if (family === null) {
      if (result.outcome === 'success') this.#early.delete(id);
      return [];
    }
    const one = this.#cases.at(result.key);
    if (one?.family !== family) {
      const early = this.#early.get(id) ?? [];
      this.#early.set(id, [...early, toEvidence(result)].slice(-EARLY_EVIDENCE_KEPT));
      return [];
    }
    const before = one.incident;
    this.#cases.worsen(one, verdict.consecutiveFailures, [toEvidence(result)], result.atEpochMs);
    return [changeFrom(before, one.incident), ...this.#splitIfThin(one, result.atEpochMs)];
  }

  #familyIn(verdict: Verdict): IncidentFamily | null {
    if (verdict.state === 'down') return 'failure';
    const { cause } = verdict;
    const isRefusal = cause === 'rate_limited' || cause === 'credentials';
    return isRefusal && this.#settings.refusals.includes(cause) ? cause : null;
  }

  #join(key: TargetKey, family: IncidentFamily, verdict: Verdict, atMs: number): IncidentChange[] {
    const wide = this.#cases.wideAt(key.provider, family);
    if (wide !== undefined) {
      const before = wide.incident;
      this.#hit(wide, key, verdict.consecutiveFailures, atMs);
      return [changeFrom(before, wide.incident)];
    }
    if (isProviderKey(key)) return this.#widen(key, family, verdict, atMs);
    const type = typeOf(family, verdict);
    const { one, kind } = this.#cases.open({ scope: 'model', key, family, type }, atMs);
    this.#hit(one, key, verdict.consecutiveFailures, atMs);
    const opened: IncidentChange = { kind, incident: one.incident };
    const hits = this.#cases.ofModels(key.provider, family).length;
    if (!this.#cases.isWide(key.provider, hits)) return [opened];
    return [opened, ...this.#widen(key, family, verdict, atMs)];
  }

  /** One incident for the whole provider in place of its models'. */
  #widen(key: TargetKey, family: IncidentFamily, verdict: Verdict, atMs: number): IncidentChange[] {
    const { provider } = key;
    const scope = this.#isGateway(provider) ? 'gateway' : 'provider';
    const type = typeOf(family, verdict);
    const models = this.#cases.ofModels(provider, family);
    const { one, kind } = this.#cases.open({ scope, key: providerKey(provider), family, type }, atMs);
    const absorbed = models.map((model) => this.#cases.absorb(one, model, atMs));
    if (isProviderKey(key)) this.#hit(one, key, verdict.consecutiveFailures, atMs);
    return [
      { kind, incident: one.incident },
      ...absorbed.map((incident): IncidentChange => ({ kind: 'absorbed', incident })),
    ];
  }

  #hit(one: IncidentCase, key: TargetKey, failures: number, atMs: number): void {
    const id = targetId(key);
    this.#cases.hit(one, key);
    this.#cases.worsen(one, failures, this.#early.get(id) ?? [], atMs);
    this.#early.delete(id);
  }

  #leave(one: IncidentCase, key: TargetKey, atMs: number): IncidentChange[] {
    const hasChanged = this.#cases.leave(one, key, atMs);
    if (one.hit.size === 0) return [{ kind: 'resolved', incident: this.#cases.resolve(one, atMs) }];
    return hasChanged ? [{ kind: 'updated', incident: one.incident }] : [];
  }

  /** A few models that stay down long after their provider has come back are no longer a matter of the provider. */
  #splitIfThin(one: IncidentCase, atMs: number): IncidentChange[] {
    const { provider, scope } = one.incident;
    if (scope === 'model') return [];
    if (one.hit.has(targetId(providerKey(provider))) || this.#cases.isWide(provider, one.hit.size)) {
      one.thinSinceMs = null;
      return [];
    }
    one.thinSinceMs ??= atMs;
    if (atMs - one.thinSinceMs < this.#settings.splitAfterMs) return [];
    const left = [...one.hit.values()];
    const { type, consecutiveFailures } = one.incident;
    const made: IncidentChange[] = [{ kind: 'resolved', incident: this.#cases.resolve(one, atMs) }];
    for (const key of left) {
      const opened = this.#cases.open({ scope: 'model', key, family: one.family, type }, atMs);
      this.#hit(opened.one, key, consecutiveFailures, atMs);
      made.push({ kind: opened.kind, incident: opened.one.incident });
    }
    return made;
  }
}

function changeFrom(before: Incident, after: Incident): IncidentChange {
  return { kind: before.severity === after.severity ? 'updated' : 'escalated', incident: after };
}
